{{ config(**ml_monitor.metric_config()) }}

{%- set keys = 'cell, window_number, span, baseline' %}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.longest_span + coalesce(monitors.reference_trailing, monitors.trailing_baseline)') }},

{{ ml_monitor.compared_bins() }},

{{ ml_monitor.bin_shares() }},

distances as (
    select
        {{ keys }},
        max(window_size) as window_size,
        max(reference_size) as reference_size,
        max(n_bins) as n_bins,
        {{ ml_monitor.psi('q', 'p') }}
            + max({{ ml_monitor.absent_bins('psi') }}) as psi,
        {{ ml_monitor.psi('q_with_missing', 'p_with_missing') }}
            + max({{ ml_monitor.absent_bins('psi', '_with_missing') }}) as psi_with_missing,
        {{ ml_monitor.kl_divergence('q', 'p') }}
            + max({{ ml_monitor.absent_bins('kl') }}) as kl_divergence,
        {{ ml_monitor.js_distance('window_share', 'reference_share') }} as js_distance,
        {{ ml_monitor.hellinger('window_share', 'reference_share') }} as hellinger,
        {{ ml_monitor.total_variation('window_share', 'reference_share') }} as total_variation,
        {{ ml_monitor.total_variation_noise('reference_share', 'window_size', 'reference_size') }} as total_variation_noise
    from bin_shares
    group by {{ keys }}
),

noise as (
    select *, case when window_size > 0 and reference_size > 0 then (n_bins - 1) * (1.0 / window_size + 1.0 / reference_size) end as psi_noise
    from distances
),

named as (
    select
        noise.*,
        cells.monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        cells.feature,
        case when cells.reference_trailing is null then 'fixed' else 'trailing' end as main_baseline
    from noise
    inner join cells on cells.cell = noise.cell
),

metrics as (
    {%- for metric in ['psi', 'psi_with_missing', 'kl_divergence', 'js_distance', 'hellinger', 'total_variation'] %}
    select monitor, window_number, span, model_version, segment, segment_value, feature, '{{ metric }}' as metric, {{ metric }} as metric_value,
        window_size, reference_size, n_bins, {{ ml_monitor.drift_noise_floor(metric) }} as noise_floor
    from named
    where baseline = main_baseline
    union all
    {%- endfor %}
    select monitor, window_number, span, model_version, segment, segment_value, feature, 'psi_trailing' as metric, psi as metric_value,
        window_size, reference_size, n_bins, psi_noise as noise_floor
    from named
    where baseline = 'trailing' and psi is not null
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
        'drift' as family,
        metrics.metric_value,
        metrics.window_size as sample_size,
        metrics.reference_size,
        metrics.n_bins,
        metrics.noise_floor,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from metrics
    inner join stale_windows
        on stale_windows.monitor = metrics.monitor
        and stale_windows.window_number = metrics.window_number
)

select * from final
