{#- Drift of the label: a profile like that of the features, of the labelled rows alone. It has files of its own, because labels come later:
    a label makes its window's labels count again, and no feature. -#}

{% macro label_reference(name) %}
    {#- Body of <monitor>__label_reference: the frozen bins of the label. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        enabled=spec.label_drift,
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['edge_set_id'])
    ) }}
    {%- if spec.label_drift and spec.reference.relation is defined -%}
        {%- set relation = ml_monitor.monitor_relation(spec.reference.relation) -%}
        {%- set own = dict(spec, variables=[spec.label_variable], segments_are_frozen=true) -%}
        {%- do ml_monitor.check_log_columns(own, relation, relation) -%}
    {{ ml_monitor.frozen_reference(own, relation) }}
    {%- elif spec.label_drift -%}
    {{ ml_monitor.frozen_reference(ml_monitor.label_spec(spec), ml_monitor.labelled_log(spec)) }}
    {%- endif -%}
{% endmacro %}


{% macro label_profile(name) %}
    {#- Body of <monitor>__label_profile: additive counts of the labels per window, version, segment and frozen bin. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        enabled=spec.label_drift,
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['edge_set_id', 'window_start'])
    ) }}
    {%- if spec.label_drift -%}
    {{ ml_monitor.profiled_log(ml_monitor.label_spec(spec), ml_monitor.labelled_log(spec), 'label_reference') }}
    {%- endif -%}
{% endmacro %}


{% macro label_spec(spec) %}
    {#- The monitor of the labelled rows: its one variable is the label, and a row arrives with its label. -#}
    {{ return(dict(
        spec,
        variables=[dict(spec.label_variable, column='ml_monitor_label')],
        loaded_at='ml_monitor_labelled_at',
        segments_are_frozen=true,
        complete_after=spec.label_delay,
    )) }}
{% endmacro %}


{% macro labelled_log(spec) %}
    {#- The rows of the prediction log that have a label by now, each with its latest, as a relation. -#}
    {%- set id = ml_monitor.identifier(spec.prediction_id) -%}
    {%- set label = ml_monitor.identifier(spec.label) -%}
    {%- set labelled_at = ml_monitor.identifier(spec.labelled_at) -%}
    (
        select log.*, labels.ml_monitor_label, labels.ml_monitor_labelled_at
        from {{ ml_monitor.monitor_relation(spec.predictions) }} as log
        inner join (
            select
                {{ id }} as ml_monitor_id,
                {{ label }} as ml_monitor_label,
                cast({{ labelled_at }} as timestamp) as ml_monitor_labelled_at,
                row_number() over (
                    partition by {{ id }}
                    order by case when {{ labelled_at }} is null then 1 else 0 end, {{ labelled_at }} desc, cast({{ label }} as {{ dbt.type_string() }})
                ) as recency
            from {{ ml_monitor.monitor_relation(spec.feedback) }}
            where {{ labelled_at }} is null or {{ labelled_at }} < {{ ml_monitor.monitoring_now() }}
        ) as labels on labels.ml_monitor_id = log.{{ id }} and labels.recency = 1
    ) as labelled_log
{%- endmacro %}


{% macro and_labels(kind, columns, where) %}
    {#- The labels' part of a union over monitors: only what is about the label, since rows are counted with the features. -#}
    {%- for spec in ml_monitor.monitors() if spec.label_drift %}
    union all
    select
        {{ columns | join(',\n        ') }}
    from {{ ref(project_name, spec.name ~ '__' ~ kind) }}
    where feature = '__label__' and {{ where }}
    {%- endfor %}
{% endmacro %}
