{#- Outcomes as they were known when their window was `label_delay` windows old: what was labelled later counts as unlabelled. -#}

{% macro stale_outcomes_when_due() %}
    {#- CTEs `delayed_profiles`, and those of `stale_windows()`: another delay makes other numbers. -#}
    delayed_profiles as {{ ml_monitor.inline_cte() }} (
        select profiles.*, monitors.label_delay
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor
        where profiles.segment = '__all__' and {{ ml_monitor.of_monitors('profiles.monitor', ml_monitor.due_monitors()) }}
    ),

    {{ ml_monitor.stale_windows('delayed_profiles', 'monitors.longest_span', "monitors.metric_spec_id || ' ' || cast(monitors.label_delay as " ~ dbt.type_string() ~ ')') }}
{%- endmacro %}


{% macro due_outcomes() %}
    {#- CTE `outcome_profiles` from `delayed_profiles`, with the columns that totals are made of. -#}
    {%- set is_late = '(outcome = \'labelled\' and label_age > label_delay)' -%}
    {%- set learned = ['label', 'actual_class', 'error_bin'] + ml_monitor.outcome_measure_names() -%}
    outcome_profiles as {{ ml_monitor.inline_cte() }} (
        select delayed_profiles.monitor, model_version, segment, segment_value, window_number, n, n_feedback,
            case when {{ is_late }} then 'unlabelled' else outcome end as outcome
            {%- for key in ml_monitor.all_outcome_keys() if key not in learned %}, {{ key }}{% endfor %}
            {%- for column in learned %},
            case when not {{ is_late }} then {{ column }} end as {{ column }}
            {%- endfor %}
        from delayed_profiles
        inner join needed_windows on needed_windows.monitor = delayed_profiles.monitor and delayed_profiles.window_number > needed_windows.since_number
        where outcome in ('labelled', 'unlabelled')
    )
{%- endmacro %}


{% macro due_totals() %}
    {#- Per version and span what the estimates at an age need. -#}
    {%- set has_scores = 'binary' in ml_monitor.declared_tasks() -%}
    select span_totals.*, cells.monitor, cells.model_version, monitors.task
        {%- for column in ml_monitor.age_ranks_needed() if has_scores %},
        rank_statistics.{{ column }}
        {%- endfor %}
    from span_totals
    inner join cells on cells.cell = span_totals.cell
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = cells.monitor
    {%- if has_scores %}
    inner join ranked_cells
        on ranked_cells.cell = span_totals.cell and ranked_cells.window_number = span_totals.window_number and ranked_cells.span = span_totals.span
    left join rank_statistics
        on rank_statistics.cell = ranked_cells.ranked_cell
        and rank_statistics.window_number = span_totals.window_number
        and rank_statistics.span = span_totals.span
    {%- endif %}
{%- endmacro %}


{% macro due_estimates() %}
    {#- The estimates at an age, named for the age `label_delay`. -#}
    {%- set found = [] -%}
    {%- for estimate in ml_monitor.age_estimates() -%}
        {%- do found.append(dict(estimate, metric=estimate.metric ~ '_at_age')) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro due_monitors() %}
    {#- Monitors with a threshold on a metric at the age `label_delay`: every window is ranked anew for it, which nobody pays for who does not look. -#}
    {%- set names = [] -%}
    {%- set metrics = ml_monitor._age_metrics() | map(attribute='metric') | list -%}
    {%- for spec in ml_monitor.monitors() -%}
        {%- if spec.thresholds | map(attribute='metric') | select('in', metrics) | list -%}
            {%- do names.append(spec.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
