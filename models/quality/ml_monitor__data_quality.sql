{{ config(**ml_monitor.metric_config()) }}

{%- set double = ml_monitor.type_double() %}
{%- set keys = ml_monitor.quality_keys() %}
{%- set types = {'reference_size': 'bigint', 'lower_bound': double, 'upper_bound': double, 'noise_floor': double, 'p_value': double, 'detail': dbt.type_string()} %}
{%- set has = {
    'rate_metrics': ['lower_bound', 'upper_bound'],
    'missing_rate_increases': ['reference_size', 'lower_bound', 'upper_bound', 'p_value'],
    'category_count_metrics': ['reference_size', 'lower_bound', 'upper_bound'],
    'vanished_rates': ['reference_size', 'noise_floor', 'detail'],
    'point_mass_increases': ['reference_size', 'lower_bound', 'upper_bound', 'detail'],
} %}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.quality_profiles() }},

{{ ml_monitor.quality_counts() }},

{{ ml_monitor.quality_reference() }},

{{ ml_monitor.category_windows() }},

{{ ml_monitor.rate_metrics() }},

{{ ml_monitor.unseen_names() }},

{{ ml_monitor.missing_rate_increases() }},

{{ ml_monitor.category_presence() }},

{{ ml_monitor.expected_categories() }},

{{ ml_monitor.category_count_metrics() }},

{{ ml_monitor.absences() }},

{{ ml_monitor.vanished_rates() }},

{{ ml_monitor.value_sums() }},

{{ ml_monitor.value_shares() }},

{{ ml_monitor.point_mass_increases() }},

metrics as (
    {%- for relation, columns in has.items() %}
    select {{ keys | join(', ') }}, metric, cast(metric_value as {{ double }}) as metric_value, cast(sample_size as bigint) as sample_size
        {%- for column, type in types.items() %},
        cast({{ column if column in columns else 'null' }} as {{ type }}) as {{ column }}
        {%- endfor %}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        metrics.monitor,
        metrics.model_version,
        metrics.segment,
        metrics.segment_value,
        metrics.feature,
        stale_windows.window_start,
        stale_windows.window_end,
        metrics.span,
        metrics.metric,
        'data_quality' as family,
        metrics.metric_value,
        metrics.lower_bound,
        metrics.upper_bound,
        metrics.noise_floor,
        metrics.p_value,
        metrics.sample_size,
        metrics.reference_size,
        coalesce(metrics.detail, unseen_names.detail) as detail,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from metrics
    inner join stale_windows
        on stale_windows.monitor = metrics.monitor
        and stale_windows.window_number = metrics.window_number
    left join unseen_names
        on metrics.metric = 'unseen_rate'
        and metrics.metric_value > 0
        and unseen_names.monitor = metrics.monitor
        and unseen_names.window_number = metrics.window_number
        and unseen_names.span = metrics.span
        and unseen_names.segment = metrics.segment
        and unseen_names.segment_value = metrics.segment_value
        and unseen_names.feature = metrics.feature
)

select * from final
