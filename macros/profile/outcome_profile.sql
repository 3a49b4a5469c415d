{% macro outcome_profile(name) %}
    {#- Body of <monitor>__outcome_profile: predictions met with their labels, as additive counts and sums. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        incremental_strategy=ml_monitor.incremental_strategy(),
        unique_key='window_start',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
    ) }}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set feedback = ml_monitor.monitor_relation(spec.feedback) if spec.feedback -%}
    {%- set segments = ml_monitor.segment_sources(spec) -%}
    {%- set required = {'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_version': spec.model_version, 'raw_prediction': spec.prediction} -%}
    {%- if spec.score %}{% do required.update({'raw_score': spec.score}) %}{% endif -%}
    {%- set keys = ['window_start', 'model_version', 'label_age', 'outcome', 'score', 'prediction', 'label'] %}
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
            {{ ml_monitor.window_start_of('predicted_at', spec.window) }} as window_start,
            prediction_id,
            coalesce(cast(raw_version as {{ dbt.type_string() }}), '__missing__') as model_version,
            {{- ml_monitor.kept_segment_columns(spec) }}
            {{ ml_monitor.finite(ml_monitor.to_number('raw_score')) if spec.score else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' }} as score,
            {{ ml_monitor.outcome_number('raw_prediction', spec) }} as prediction
        from log
        {{- ml_monitor.kept_segment_joins(spec) }}
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            and predicted_at >= (select min(window_start) from touched)
            and {{ ml_monitor.window_start_of('predicted_at', spec.window) }} in (select window_start from touched)
    ),

    {{ ml_monitor.outcome_rows(spec) }},

    outcomes as (
        select
            window_start,
            model_version,
            {{- ml_monitor.segment_columns(spec.segments) }},
            label_age,
            outcome,
            score,
            prediction,
            label,
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
            {{ ml_monitor.window_number_of('window_start', spec.window) }} as window_number,
            label_age,
            outcome,
            score,
            prediction,
            label,
            n,
            n_feedback,
            sum_score,
            sum_squared_error,
            sum_fourth_error,
            sum_log_loss,
            sum_squared_log_loss,
            sum_error,
            sum_absolute_error,
            sum_label,
            sum_squared_label,
            labelled_until,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from outcomes
    )

    select * from final
{% endmacro %}


{% macro outcome_number(column, spec) %}
    {#- Classes of a binary model as 1 and 0, whether they are logged as numbers, booleans or text. -#}
    {%- if spec.task == 'binary' -%}
    case when lower(cast({{ column }} as {{ dbt.type_string() }})) in ('1', '1.0', 'true', 't', 'yes') then 1.0 when {{ column }} is not null then 0.0 end
    {%- else -%}
    {{ ml_monitor.finite(ml_monitor.to_number(column)) }}
    {%- endif -%}
{% endmacro %}
