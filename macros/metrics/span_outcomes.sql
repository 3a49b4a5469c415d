{% macro span_outcomes() %}
    {#- Outcome counts summed over each span of each stale window, per version and pooled. Metrics are computed after this sum:
        the mean of seven daily AUCs is not the AUC of the week. A `cell` numbers monitor, version and segment. -#}
    {%- set sums = ml_monitor.outcome_sum_columns() -%}
    outcome_profiles as (
        {%- set keys = 'profile.monitor, profile.window_number, profile.model_version, profile.segment, profile.segment_value, profile.outcome, profile.score, profile.prediction, profile.label' %}
        select {{ keys }},
            {% for column in sums %}sum(profile.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from {{ ref('ml_monitor__outcome_profiles') }} as profile
        inner join needed_windows
            on needed_windows.monitor = profile.monitor
            and profile.window_number > needed_windows.since_number
        where profile.outcome in ('labelled', 'unlabelled')
        group by {{ keys }}
    ),

    cells as (
        select monitor, model_version, segment, segment_value,
            row_number() over (order by monitor, model_version, segment, segment_value) as cell
        from (
            select distinct monitor, model_version, segment, segment_value from outcome_profiles
            union
            select distinct monitor, '__all__' as model_version, segment, segment_value from outcome_profiles
        ) as named
    ),

    cell_outcomes as (
        {%- for version in ['profiles.model_version', "'__all__'"] %}
        select cells.monitor, cells.cell, profiles.window_number, profiles.outcome, profiles.score, profiles.prediction, profiles.label,
            {% for column in sums %}profiles.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from outcome_profiles as profiles
        inner join cells
            on cells.monitor = profiles.monitor
            and cells.model_version = {{ version }}
            and cells.segment = profiles.segment
            and cells.segment_value = profiles.segment_value
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    span_outcomes as (
        select
            cell_outcomes.cell, stale_windows.window_number, spans.span,
            cell_outcomes.outcome, cell_outcomes.score, cell_outcomes.prediction, cell_outcomes.label,
            {% for column in sums %}sum(cell_outcomes.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join cell_outcomes
            on cell_outcomes.monitor = stale_windows.monitor
            and cell_outcomes.window_number > stale_windows.window_number - spans.span
            and cell_outcomes.window_number <= stale_windows.window_number
        group by cell_outcomes.cell, stale_windows.window_number, spans.span,
            cell_outcomes.outcome, cell_outcomes.score, cell_outcomes.prediction, cell_outcomes.label
    )
{% endmacro %}


{% macro outcome_sum_columns() %}
    {{ return([
        'n', 'sum_squared_error', 'sum_fourth_error', 'sum_log_loss', 'sum_squared_log_loss', 'sum_error', 'sum_absolute_error',
        'sum_label', 'sum_squared_label',
    ]) }}
{% endmacro %}


{% macro outcome_totals() %}
    {#- Totals per cell and span; the confusion counts are NULL-free zeros for a regression. -#}
    select
        totals.*,
        cells.monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        rank_statistics.roc_auc,
        rank_statistics.roc_auc_error
    from (
        select
            cell,
            window_number,
            span,
            sum(n) as n_predictions,
            sum(case when outcome = 'labelled' then n else 0 end) as n,
            {%- for name, (prediction, label) in {'tp': (1, 1), 'fp': (1, 0), 'fn': (0, 1), 'tn': (0, 0)}.items() %}
            sum(case when prediction = {{ prediction }} and label = {{ label }} then n else 0 end) as {{ name }},
            {%- endfor %}
            {%- for column in ml_monitor.outcome_sum_columns() if column != 'n' %}
            sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from span_outcomes
        group by cell, window_number, span
    ) as totals
    inner join cells on cells.cell = totals.cell
    left join rank_statistics
        on rank_statistics.cell = totals.cell
        and rank_statistics.window_number = totals.window_number
        and rank_statistics.span = totals.span
{%- endmacro %}
