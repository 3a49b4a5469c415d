{{ config(**ml_monitor.metric_config()) }}

{#- Which bins moved: for the whole population, all versions together. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.look_back') }},

{{ ml_monitor.drift_counts(pooled_only=true) }},

{{ ml_monitor.compared_bins() }},

{{ ml_monitor.bin_shares() }},

labels as (
    select monitor, feature, bin, min(bin_kind) as bin_kind, min(lower_bound) as lower_bound, min(upper_bound) as upper_bound, min(category) as category
    from frozen_bins
    where segment = '__all__'
    group by monitor, feature, bin
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
        {%- for name, expression in {'reference_n': 'bin_shares.reference_n', 'reference_share': 'bin_shares.reference_share_with_missing'}.items() %}
        {{ ml_monitor.published(expression, 'bin_shares.reference_n', 'bin_shares.monitor') }} as {{ name }},
        {%- endfor %}
        {%- for name, expression in {
            'window_n': 'bin_shares.window_n',
            'window_share': 'bin_shares.window_share_with_missing',
            'psi_contribution': '(bin_shares.q - bin_shares.p) * bin_shares.log_ratio',
        }.items() %}
        {{ ml_monitor.published(expression, 'bin_shares.window_n', 'bin_shares.monitor') }} as {{ name }},
        {%- endfor %}
        stale_windows.metric_spec_id,
        stale_windows.source_updated_at
    from bin_shares
    inner join labels
        on labels.monitor = bin_shares.monitor
        and labels.feature = bin_shares.feature
        and labels.bin = bin_shares.bin
    inner join stale_windows
        on stale_windows.monitor = bin_shares.monitor
        and stale_windows.window_number = bin_shares.window_number
    where bin_shares.baseline = 'reference' and bin_shares.window_n + bin_shares.reference_n > 0
)

select * from final
