{% macro label_triangle() %}
    {#- CTEs up to `triangle`: per prediction window and label age, what was labelled by then; only cells whose last window is closed.
        A label counts at the age of its latest version, one without a time from the start. With `is_incremental()` only windows
        that can still change, and those that the delays are learned from. -#}
    {%- set measures = ml_monitor.label_measures() -%}
    label_counts as (
        select monitor, window_number,
            {{ ml_monitor.counted_age() }} as label_age,
            {%- for name, sum in measures.items() %}
            {{ sum }} as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('ml_monitor__outcome_profiles') }}
        where segment = '__all__' and outcome = 'labelled'
        group by monitor, window_number, {{ ml_monitor.counted_age() }}
    ),

    {{ ml_monitor.window_sizes() }},

    ages as (
        select monitor, label_age from label_counts {{ ml_monitor.union_distinct() }} select monitor, 0 from label_counts
    ),

    triangle as (
        select sizes.monitor, sizes.window_number, sizes.n_predictions, sizes.n_restated, ages.label_age,
            max(ages.label_age) over (partition by sizes.monitor, sizes.window_number) as newest_age,
            {%- for name in measures %}
            sum(coalesce(counts.{{ name }}, 0)) over (partition by sizes.monitor, sizes.window_number order by ages.label_age rows between unbounded preceding and current row) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from window_sizes as sizes
        inner join ages on ages.monitor = sizes.monitor and sizes.window_number + ages.label_age <= sizes.last_number
        left join label_counts as counts
            on counts.monitor = sizes.monitor and counts.window_number = sizes.window_number and counts.label_age = ages.label_age
        where sizes.n_predictions > 0
    )
{% endmacro %}


{% macro label_measures() %}
    {#- Sums that grow as labels arrive. The class counts are zeros for a regression. -#}
    {%- set measures = {'n_labels': 'sum(n)'} -%}
    {%- for name, (prediction, label) in {'tp': (1, 1), 'fp': (1, 0), 'fn': (0, 1), 'tn': (0, 0)}.items() -%}
        {%- do measures.update({name: 'sum(case when prediction = ' ~ prediction ~ ' and label = ' ~ label ~ ' then n else 0 end)'}) -%}
    {%- endfor -%}
    {%- set right = 'case when prediction = label or predicted_class = actual_class then n else 0 end' -%}
    {%- set wrong = 'case when prediction <> label or predicted_class <> actual_class then n else 0 end' -%}
    {%- do measures.update({'correct': 'sum(' ~ right ~ ')', 'wrong': 'sum(' ~ wrong ~ ')'}) -%}
    {%- do measures.update({'positives': 'sum(case when label = 1 then n else 0 end)', 'negatives': 'sum(case when label = 0 then n else 0 end)'}) -%}
    {%- for name in ['n_scored', 'sum_error', 'sum_absolute_error', 'sum_squared_error', 'sum_fourth_error', 'sum_log_loss', 'sum_squared_log_loss'] -%}
        {%- do measures.update({name: 'sum(' ~ name ~ ')'}) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}


{% macro window_sizes() %}
    {#- CTE `window_sizes`: the windows of the triangle. Needs the CTE `label_counts`. -#}
    frames as (
        select windows.monitor, max(windows.window_number) as last_number, max(monitors.trailing_baseline) + max(ages.horizon) as frame
        from {{ ref('ml_monitor__windows') }} as windows
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = windows.monitor
        inner join (select monitor, max(label_age) as horizon from label_counts group by monitor) as ages on ages.monitor = windows.monitor
        group by windows.monitor
    ),

    window_sizes as (
        select profiles.monitor, profiles.window_number, frames.last_number,
            sum(case when profiles.outcome in ('labelled', 'unlabelled') then profiles.n else 0 end) as n_predictions,
            sum(case when profiles.outcome = 'superseded' then profiles.n_feedback else 0 end) as n_restated
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        inner join frames on frames.monitor = profiles.monitor and profiles.window_number <= frames.last_number
            {%- if is_incremental() %} and profiles.window_number > frames.last_number - frames.frame - 1{% endif %}
        where profiles.segment = '__all__'
        group by profiles.monitor, profiles.window_number, frames.last_number
    )
{%- endmacro %}


{% macro counted_age() -%}
    {#- A label without a time counts from the start; one that is older than 400 windows at that age. -#}
    case when label_age is null or label_age < 0 then 0 when label_age > 400 then 400 else label_age end
{%- endmacro %}
