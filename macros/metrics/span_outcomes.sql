{% macro span_outcomes() %}
    {#- Outcome counts summed over each span of each stale window, per version and pooled: `span_totals`, and `span_scores` for what
        needs the order of scores. Metrics are computed after these sums: the mean of seven daily AUCs is not the AUC of
        the week. A `cell` numbers monitor, version and segment. -#}
    {%- set cell_name = 'monitor, model_version, segment, segment_value' -%}
    outcome_profiles as (
        select profile.*
        from {{ ref('ml_monitor__outcome_profiles') }} as profile
        inner join needed_windows
            on needed_windows.monitor = profile.monitor
            and profile.window_number > needed_windows.since_number
        where profile.outcome in ('labelled', 'unlabelled')
    ),

    numbered_cells as (
        select {{ cell_name }}, row_number() over (order by {{ cell_name }}) as cell
        from (
            select distinct {{ cell_name }} from outcome_profiles
            {{ ml_monitor.union_distinct() }}
            select distinct monitor, '__all__' as model_version, segment, segment_value from outcome_profiles
        ) as named
    ),

    cells as (
        select numbered.*, pooled.cell as pooled_cell
        from numbered_cells as numbered
        inner join numbered_cells as pooled
            on pooled.monitor = numbered.monitor
            and pooled.segment = numbered.segment
            and pooled.segment_value = numbered.segment_value
            and pooled.model_version = '__all__'
    ),

    cell_outcomes as (
        select cells.cell, profiles.*
        from outcome_profiles as profiles
        inner join cells
            on cells.monitor = profiles.monitor
            and cells.model_version in (profiles.model_version, '__all__')
            and cells.segment = profiles.segment
            and cells.segment_value = profiles.segment_value
    ),

    window_totals as (
        select monitor, cell, window_number,
            {%- for name, sum in ml_monitor.outcome_total_columns().items() %}
            {{ sum }} as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from cell_outcomes
        group by monitor, cell, window_number
    ),

    window_scores as (
        select monitor, cell, window_number, score,
            sum(case when label = 1 then n else 0 end) as positives,
            sum(case when label = 0 then n else 0 end) as negatives
        from cell_outcomes
        where score is not null and label is not null
        group by monitor, cell, window_number, score
    ),

    span_totals as (
        {{ ml_monitor.span_sums('window_totals', ml_monitor.outcome_total_columns().keys() | list) }}
    ),

    ranked_cells as (
        {#- A version that is alone in a span has the order of scores of all versions together: that is not computed twice. #}
        select totals.cell, totals.window_number, totals.span, case when totals.n = pooled.n then cells.pooled_cell else totals.cell end as ranked_cell
        from span_totals as totals
        inner join cells on cells.cell = totals.cell
        inner join span_totals as pooled
            on pooled.cell = cells.pooled_cell
            and pooled.window_number = totals.window_number
            and pooled.span = totals.span
    ),

    span_scores as (
        select counted.cell, ranked.window_number, ranked.span, counted.score, sum(counted.positives) as positives, sum(counted.negatives) as negatives
        from ranked_cells as ranked
        inner join window_scores as counted
            on counted.cell = ranked.cell
            and counted.window_number > ranked.window_number - ranked.span
            and counted.window_number <= ranked.window_number
        where ranked.cell = ranked.ranked_cell
        group by counted.cell, ranked.window_number, ranked.span, counted.score
    )
{% endmacro %}


{% macro outcome_total_columns() %}
    {#- The confusion counts are zeros for a regression. -#}
    {%- set columns = {'n_predictions': 'sum(n)', 'n': "sum(case when outcome = 'labelled' then n else 0 end)"} -%}
    {%- for name, (prediction, label) in {'tp': (1, 1), 'fp': (1, 0), 'fn': (0, 1), 'tn': (0, 0)}.items() -%}
        {%- do columns.update({name: 'sum(case when prediction = ' ~ prediction ~ ' and label = ' ~ label ~ ' then n else 0 end)'}) -%}
    {%- endfor -%}
    {%- for name in ['sum_squared_error', 'sum_fourth_error', 'sum_log_loss', 'sum_squared_log_loss', 'sum_error', 'sum_absolute_error', 'sum_label', 'sum_squared_label'] -%}
        {%- do columns.update({name: 'sum(' ~ name ~ ')'}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro span_sums(windows, sums) %}
    {%- set group = ['counted.cell', 'stale_windows.window_number', 'spans.span'] -%}
    select {{ group | join(', ') }},
            {% for column in sums %}sum(counted.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join {{ windows }} as counted
            on counted.monitor = stale_windows.monitor
            and counted.window_number > stale_windows.window_number - spans.span
            and counted.window_number <= stale_windows.window_number
        group by {{ group | join(', ') }}
{%- endmacro %}


{% macro outcome_totals() %}
    select
        span_totals.*,
        cells.monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        rank_statistics.roc_auc,
        rank_statistics.roc_auc_error
    from span_totals
    inner join cells on cells.cell = span_totals.cell
    inner join ranked_cells
        on ranked_cells.cell = span_totals.cell
        and ranked_cells.window_number = span_totals.window_number
        and ranked_cells.span = span_totals.span
    left join rank_statistics
        on rank_statistics.cell = ranked_cells.ranked_cell
        and rank_statistics.window_number = span_totals.window_number
        and rank_statistics.span = span_totals.span
{%- endmacro %}
