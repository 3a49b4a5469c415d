{% macro recorded(relation) %}
    {#- What a snapshot takes: the rows, and the monitoring clock when it saw them. dbt's own clock cannot be set, so a replay of last year
        would be known only from today on. -#}
    select relation.*, {{ ml_monitor.monitoring_now() }} as recorded_at
    from {{ relation }} as relation
{% endmacro %}


{% macro as_of(history, key, at) %}
    {#- The rows of a snapshot as they were known at a time: `{{ ml_monitor.as_of('ml_monitor__thresholds_history', ['monitor', 'metric', 'span'],
        '2013-06-01') }}`. Of each key the last version seen by then, unless it had been deleted. -#}
    select * from (
        select
            history.*,
            row_number() over (partition by {{ key | join(', ') }} order by known_at desc, dbt_valid_from desc) as recency
        from (
            select
                relation.*,
                case when relation.dbt_is_deleted = 'True' then relation.dbt_valid_from else relation.recorded_at end as known_at
            from {{ ref('ml_monitor', history) }} as relation
        ) as history
        where known_at <= cast('{{ ml_monitor._iso(at, "macro 'as_of', argument 'at'") }}' as timestamp)
    ) as known
    where recency = 1 and dbt_is_deleted <> 'True'
{% endmacro %}


{% macro labels_as_of(name, at) %}
    {#- The label of each prediction as it was known at a time: of those given by then the latest. It is as exact as the feedback log is
        append-only: a label that was written over is gone. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {%- set labelled_at = ml_monitor.identifier(spec.labelled_at) -%}
    {%- if not spec.feedback -%}
        {%- do ml_monitor._config_error(name, 'feedback', 'is not declared, so no label is ever known') -%}
    {%- endif %}
    select prediction_id, label, labelled_at, n_labels from (
        select
            {{ ml_monitor.identifier(spec.prediction_id) }} as prediction_id,
            {{ ml_monitor.identifier(spec.label) }} as label,
            cast({{ labelled_at }} as timestamp) as labelled_at,
            count(*) over (partition by {{ ml_monitor.identifier(spec.prediction_id) }}) as n_labels,
            row_number() over (partition by {{ ml_monitor.identifier(spec.prediction_id) }} order by {{ labelled_at }} desc) as recency
        from {{ ml_monitor.monitor_relation(spec.feedback) }}
        where {{ labelled_at }} <= cast('{{ ml_monitor._iso(at, "macro 'labels_as_of', argument 'at'") }}' as timestamp)
    ) as known
    where recency = 1 and label is not null
{% endmacro %}


{% macro restatements(of='verdicts') %}
    {#- What became known with another value than before: late rows, late labels, a backfill. Of verdicts, or of the `metric_values` that
        `ml_monitor__history_of` keeps. -#}
    {%- set key = ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'span', 'metric'] -%}
    {%- set values = ['metric_value', 'sample_size', 'label_coverage'] + (['status'] if of == 'verdicts' else []) -%}
    select * from (
        select
            {{ key | join(', ') }},
            recorded_at as restated_at,
            lag(recorded_at) over (partition by {{ key | join(', ') }} order by recorded_at, dbt_valid_from) as previous_recorded_at,
            {% for column in values -%}
            {{ column }},
            lag({{ column }}) over (partition by {{ key | join(', ') }} order by recorded_at, dbt_valid_from) as previous_{{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ ref('ml_monitor', 'ml_monitor__' ~ of ~ '_history') }}
        where dbt_is_deleted <> 'True'
    ) as versions
    where previous_recorded_at is not null
{% endmacro %}
