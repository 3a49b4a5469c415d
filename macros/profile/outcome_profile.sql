{% macro outcome_profile(name) %}
    {#- Body of <monitor>__outcome_profile: predictions met with their labels, as additive counts and sums. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['window_start'])
    ) }}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set feedback = ml_monitor.monitor_relation(spec.feedback) if spec.feedback -%}
    {%- set segments = ml_monitor.segment_sources(spec) -%}
    {%- set required = ml_monitor.outcome_columns(spec) -%}
    {%- set keys = ['window_start', 'model_version', 'label_age', 'outcome'] + ml_monitor.outcome_keys(spec) %}
    with

    {{ ml_monitor.feedback_rows(spec, feedback) }},

    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),

    {{ ml_monitor.touched_outcome_windows(spec, log) }},

    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(log, required, segments) }}
    ),

    predictions as (
        select
            {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} as window_start,
            prediction_id,
            coalesce(cast(raw_version as {{ dbt.type_string() }}), '__missing__') as model_version,
            {{- ml_monitor.kept_segment_columns(spec) }}
            {{ ml_monitor.parsed_outcomes(spec) }}
        from log
        {{- ml_monitor.kept_segment_joins(spec) }}
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            and predicted_at >= (select min(window_start) from touched)
            and {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} in (select window_start from touched)
    ),

    {{ ml_monitor.outcome_rows(spec) }},

    outcomes as (
        select
            window_start,
            model_version,
            {{- ml_monitor.segment_columns(spec.segments) }},
            label_age,
            outcome,
            {%- for key in ml_monitor.outcome_keys(spec) %}
            {{ key }},
            {%- endfor %}
            {{ ml_monitor.outcome_sums(spec) }}
        from outcome_rows
        {{ ml_monitor.grouping_keys(keys, spec.segments) }}
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            model_version,
            segment,
            segment_value,
            window_start,
            {{ ml_monitor.window_number_of('window_start', spec.window, spec.timezone) }} as window_number,
            label_age,
            outcome,
            {%- for key, type in ml_monitor.all_outcome_keys().items() %}
            {{ 'cast(' ~ (key if key in keys else 'null') ~ ' as ' ~ type ~ ')' }} as {{ key }},
            {%- endfor %}
            n,
            n_feedback,
            {%- for name in ml_monitor.outcome_measure_names() %}
            {{ 'cast(' ~ (name if name in ml_monitor.outcome_measures(spec) else 'null') ~ ' as ' ~ ml_monitor.type_double() ~ ')' }} as {{ name }},
            {%- endfor %}
            labelled_until,
            '{{ spec.outcome_spec_id }}' as outcome_spec_id,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from outcomes
    )

    select * from final
{% endmacro %}

