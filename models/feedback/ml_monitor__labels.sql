{{ config(materialized='view', enabled=ml_monitor.any_declared('labels')) }}

{%- set string = dbt.type_string() %}

{#- The label of each prediction as it is now, of monitors that declare `labels`. How it came to be is in <monitor>__labels. -#}

{% for spec in ml_monitor.monitors() | selectattr('labels') %}
select
    monitor,
    prediction_key as prediction_id,
    cast({{ ml_monitor.identifier(spec.label) }} as {{ string }}) as label,
    {{ ml_monitor.identifier(spec.labelled_at) }} as labelled_at,
    heard_at,
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
    event_ids
from {{ ref(project_name, spec.name ~ '__labels') }}
where is_current
{{ 'union all' if not loop.last }}
{% endfor %}
