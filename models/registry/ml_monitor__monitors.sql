{{ config(materialized='table', enabled=ml_monitor.any_monitors()) }}

{% for spec in ml_monitor.monitors() %}
    {%- set kpi_relations = {} %}
    {%- for kpi, options in (spec.behaviour or {'kpis': {}}).kpis.items() %}{% do kpi_relations.update({kpi: ml_monitor.monitor_relation(options.relation) | string}) %}{% endfor %}
    {%- set public = dict(spec, **{
        'predictions_relation': ml_monitor.monitor_relation(spec.predictions) | string,
        'feedback_relation': (ml_monitor.monitor_relation(spec.feedback) | string) if spec.feedback else none,
        'kpi_relations': kpi_relations,
    }) %}
select
    {{ ml_monitor.literal(spec.name) }} as monitor,
    {{ ml_monitor.literal(spec.description) }} as description,
    {{ ml_monitor.literal(spec.owner) }} as owner,
    '{{ spec.task }}' as task,
    '{{ spec.window.unit if spec.window is mapping else spec.window }}' as window_unit,
    {{ ml_monitor.literal(spec.timezone or 'UTC') }} as timezone,
    cast({{ spec.min_rows }} as bigint) as min_rows,
    cast({{ spec.bins }} as integer) as n_bins,
    cast({{ spec.smoothing.floor if spec.smoothing is mapping else 'null' }} as {{ ml_monitor.type_double() }}) as smoothing_floor,
    '{{ ml_monitor.reference_kind(spec) }}' as reference_kind,
    cast({{ spec.alpha }} as {{ ml_monitor.type_double() }}) as alpha,
    cast({{ spec.healthy.windows }} as integer) as healthy_windows,
    cast({{ "'" ~ spec.healthy.from ~ "'" if spec.healthy.from else 'null' }} as timestamp) as healthy_from,
    cast({{ "'" ~ spec.healthy.to ~ "'" if spec.healthy.to else 'null' }} as timestamp) as healthy_to,
    '{{ spec.calibration_id }}' as calibration_id,
    cast({{ spec.calibration.windows }} as integer) as calibration_windows,
    cast({{ "'" ~ spec.calibration.from ~ "'" if spec.calibration.from else 'null' }} as timestamp) as calibration_from,
    cast({{ "'" ~ spec.calibration.to ~ "'" if spec.calibration.to else 'null' }} as timestamp) as calibration_to,
    {%- for outcome in ['tp', 'fp', 'fn', 'tn'] %}
    cast({{ spec.costs.get(outcome, 0) if spec.costs else 'null' }} as {{ ml_monitor.type_double() }}) as cost_{{ outcome }},
    {%- endfor %}
    cast({{ spec.reference.trailing if spec.reference.trailing is defined else 'null' }} as integer) as reference_trailing,
    cast({{ spec.trailing_baseline }} as integer) as trailing_baseline,
    cast({{ ([1] + spec.rolling) | max }} as integer) as longest_span,
    cast({{ ml_monitor.look_back(spec) }} as integer) as look_back,
    cast({{ spec.label_delay }} as integer) as label_delay,
    cast({{ spec.beta }} as {{ ml_monitor.type_double() }}) as beta,
    cast({{ spec.lift_at }} as {{ ml_monitor.type_double() }}) as lift_at,
    cast({{ spec.classes }} as integer) as n_classes,
    cast({{ spec.alerting.open_after }} as integer) as open_after,
    cast({{ spec.alerting.resolve_after }} as integer) as resolve_after,
    cast({{ spec.alerting.renotify_after }} as integer) as renotify_after,
    cast({{ (spec.alerting.quiet_hours or {}).get('from', 'null') }} as integer) as quiet_from,
    cast({{ (spec.alerting.quiet_hours or {}).get('to', 'null') }} as integer) as quiet_to,
    '{{ spec.edge_set_id }}' as edge_set_id,
    {{ ml_monitor.literal(spec.moment_set_id) }} as moment_set_id,
    '{{ spec.metric_spec_id }}' as metric_spec_id,
    '{{ spec.custom_spec_id }}' as custom_spec_id,
    {{ ml_monitor.literal(spec.service_spec_id) }} as service_spec_id,
    {{ ml_monitor.literal(ml_monitor.code_version(spec)) }} as code_version,
    {{ ml_monitor.literal(tojson(public, sort_keys=true)) }} as spec
{{ 'union all' if not loop.last }}
{% endfor %}
