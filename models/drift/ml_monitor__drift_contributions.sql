{{ config(**ml_monitor.metric_config()) }}

{#- Which bins moved: for the whole population, all versions together. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.compared_bins(pooled_only=true) }},

{{ ml_monitor.bin_shares() }},

labels as (
    select bins.monitor, bins.edge_set_id, bins.feature, bins.bin, min(bins.bin_kind) as bin_kind, min(bins.lower_bound) as lower_bound,
        min(bins.upper_bound) as upper_bound, min(bins.category) as category
    from {{ ref('ml_monitor__reference_bins') }} as bins
    where bins.segment = '__all__'
    group by bins.monitor, bins.edge_set_id, bins.feature, bins.bin
),

final as (
    select
        bin_shares.monitor,
        bin_shares.model_version,
        bin_shares.segment,
        bin_shares.segment_value,
        bin_shares.feature,
        stale_windows.window_start,
        stale_windows.window_end,
        bin_shares.span,
        bin_shares.bin,
        labels.bin_kind,
        {{ ml_monitor.bin_label('labels') }} as bin_label,
        labels.lower_bound,
        labels.upper_bound,
        bin_shares.reference_n,
        bin_shares.window_n,
        case when bin_shares.reference_size_with_missing > 0 then bin_shares.reference_n / bin_shares.reference_size_with_missing end as reference_share,
        case when bin_shares.window_size_with_missing > 0 then bin_shares.window_n / bin_shares.window_size_with_missing end as window_share,
        {{ ml_monitor.psi_term('bin_shares.q', 'bin_shares.p') }} as psi_contribution,
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from bin_shares
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = bin_shares.monitor
    inner join labels
        on labels.monitor = bin_shares.monitor
        and labels.edge_set_id = monitors.edge_set_id
        and labels.feature = bin_shares.feature
        and labels.bin = bin_shares.bin
    inner join stale_windows
        on stale_windows.monitor = bin_shares.monitor
        and stale_windows.window_number = bin_shares.window_number
    where bin_shares.baseline = case when bin_shares.reference_trailing is null then 'fixed' else 'trailing' end
)

select * from final
