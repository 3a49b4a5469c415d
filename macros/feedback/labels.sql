{% macro labels(name) %}
    {#- Body of <monitor>__labels: the resolved label of each prediction, one row per change of it. The newest row is the label now; those before
        it are what was believed then, so the labels as they were at any time are here. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(enabled=spec.labels is not none, materialized='table', tags=['ml_monitor_profile'], sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    {%- if spec.labels %}
    with

    {{ ml_monitor.label_predictions(spec) }},

    {{ ml_monitor.label_assertions(spec) }},

    {{ ml_monitor.label_states(spec) }},

    changes as (
        select *,
            case when lag(status || coalesce(label, '')) over (partition by prediction_key order by moment) = status || coalesce(label, '') then 0 else 1 end as is_change
        from states
    ),

    stretches as (
        {#- What only confirms a label does not make it younger; it does count among the votes. #}
        select *, sum(is_change) over (partition by prediction_key order by moment rows between unbounded preceding and current row) as stretch
        from changes
    ),

    ranked as (
        select *,
            min(moment) over (partition by prediction_key, stretch) as since,
            row_number() over (partition by prediction_key, stretch order by moment desc) as recency_in_stretch,
            row_number() over (partition by prediction_key order by moment desc) as recency
        from stretches
    ),

    final as (
        {#- The id as the log has it; NULL for a prediction that is not in it, which makes the label an orphan. #}
        select
            native_id as {{ ml_monitor.identifier(spec.prediction_id) }},
            label as {{ ml_monitor.identifier(spec.label) }},
            nullif(since, {{ ml_monitor.window_epoch('day') }}) as {{ ml_monitor.identifier(spec.labelled_at) }},
            {{ ml_monitor.literal(name) }} as monitor,
            prediction_key,
            nullif(moment, {{ ml_monitor.window_epoch('day') }}) as heard_at,
            status,
            candidate,
            weight,
            agreement,
            n_votes,
            n_labels,
            is_weak,
            source,
            rule,
            votes,
            event_ids,
            recency = 1 as is_current
        from ranked
        where recency_in_stretch = 1
    )

    select * from final
    {%- endif %}
{% endmacro %}
