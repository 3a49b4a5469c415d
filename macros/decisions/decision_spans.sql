{% macro decision_spans() %}
    {#- CTEs up to `span_decisions`: confusion counts of each cell over each span, of monitors with `costs` or `protected` segments only, so
        that everybody else pays nothing. -#}
    {%- set cell_name = 'monitor, model_version, segment, segment_value' -%}
    {%- set counts = ['n_predictions', 'n_selected', 'tp', 'fp', 'fn', 'tn'] -%}
    cells as (
        select named.*, row_number() over (order by {{ cell_name }}) as cell
        from (
            select {{ cell_name }} from decision_profiles
            {{ ml_monitor.union_distinct() }}
            select monitor, '__all__', segment, segment_value from decision_profiles
        ) as named
    ),

    window_decisions as (
        select cells.monitor, cells.cell, profiles.window_number,
            sum(profiles.n) as n_predictions,
            sum(case when profiles.prediction = 1 then profiles.n else 0 end) as n_selected,
            {%- for name, (prediction, label) in {'tp': (1, 1), 'fp': (1, 0), 'fn': (0, 1), 'tn': (0, 0)}.items() %}
            sum(case when profiles.prediction = {{ prediction }} and profiles.label = {{ label }} then profiles.n else 0 end) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from decision_profiles as profiles
        inner join needed_windows on needed_windows.monitor = profiles.monitor and profiles.window_number > needed_windows.since_number
        inner join cells
            on cells.monitor = profiles.monitor and cells.model_version in (profiles.model_version, '__all__')
            and cells.segment = profiles.segment and cells.segment_value = profiles.segment_value
        group by cells.monitor, cells.cell, profiles.window_number
    ),

    span_decisions as (
        select {{ cell_name }}, summed.*
        from (
            {{ ml_monitor.span_sums('window_decisions', counts) }}
        ) as summed
        inner join cells on cells.cell = summed.cell
    )
{%- endmacro %}


{% macro decision_profiles() %}
    {%- set protected = [] -%}
    {%- for spec in ml_monitor.monitors() -%}
        {%- for segment in spec.protected + ['__all__'] if spec.protected or spec.costs -%}
            {%- do protected.append('(profiles.monitor = ' ~ ml_monitor.literal(spec.name) ~ ' and profiles.segment = ' ~ ml_monitor.literal(segment) ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    select profiles.monitor, profiles.model_version, profiles.segment, profiles.segment_value, profiles.window_number, profiles.prediction, profiles.label, profiles.n, profiles.updated_at
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        where profiles.outcome in ('labelled', 'unlabelled') and profiles.prediction is not null
            and ({{ protected | join(' or ') if protected else '1 = 0' }})
{%- endmacro %}
