{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

with

drift_contributions as (
    select
        monitor,
        feature,
        window_start,
        span,
        bin,
        bin_label,
        bin_kind,
        reference_share,
        window_share,
        psi_contribution
    from {{ ref('ml_monitor__drift_contributions') }}
    where segment = '__all__' and model_version = '__all__'
),

verdicts as (
    select
        monitor,
        feature,
        window_start,
        window_end,
        span,
        metric_value,
        sample_size,
        status
    from {{ ref('ml_monitor__verdicts') }}
    where segment = '__all__' and model_version = '__all__' and metric = 'psi' and metric_value is not null
),

features as (
    select
        monitor,
        feature,
        feature_type
    from {{ ref('ml_monitor__features') }}
),

latest_verdicts as (
    select
        monitor,
        feature,
        window_start,
        window_end,
        span,
        metric_value,
        sample_size,
        status,
        row_number() over (partition by monitor, feature order by window_start desc, span desc) as recency
    from verdicts
),

ranked_features as (
    select
        latest_verdicts.monitor,
        latest_verdicts.feature,
        features.feature_type,
        latest_verdicts.window_start,
        latest_verdicts.window_end,
        latest_verdicts.span,
        latest_verdicts.metric_value,
        latest_verdicts.sample_size,
        latest_verdicts.status,
        row_number() over (
            partition by latest_verdicts.monitor
            order by
                case latest_verdicts.status when 'alert' then 2 when 'warning' then 1 else 0 end desc,
                latest_verdicts.metric_value desc,
                latest_verdicts.feature
        ) as feature_rank
    from latest_verdicts
    inner join features
        on features.monitor = latest_verdicts.monitor
        and features.feature = latest_verdicts.feature
    where latest_verdicts.recency = 1
),

bins as (
    select
        ranked_features.monitor,
        ranked_features.feature,
        ranked_features.feature_type,
        ranked_features.feature_rank,
        ranked_features.window_end,
        ranked_features.span,
        ranked_features.metric_value as psi,
        ranked_features.sample_size,
        ranked_features.status,
        drift_contributions.bin,
        drift_contributions.bin_label,
        drift_contributions.bin_kind,
        drift_contributions.reference_share,
        drift_contributions.window_share,
        drift_contributions.psi_contribution,
        case when drift_contributions.bin_kind in ('interval', 'point', 'category', 'other') then 'value' else 'strip' end as part,
        row_number() over (
            partition by ranked_features.monitor, ranked_features.feature, case when drift_contributions.bin_kind in ('interval', 'point', 'category', 'other') then 'value' else 'strip' end
            order by coalesce(drift_contributions.psi_contribution, 0) desc, drift_contributions.bin
        ) as contribution_rank
    from ranked_features
    inner join drift_contributions
        on drift_contributions.monitor = ranked_features.monitor
        and drift_contributions.feature = ranked_features.feature
        and drift_contributions.window_start = ranked_features.window_start
        and drift_contributions.span = ranked_features.span
    where drift_contributions.bin_kind <> 'total'
),

shown as (
    select
        monitor,
        feature,
        feature_type,
        feature_rank,
        window_end,
        span,
        psi,
        sample_size,
        status,
        part,
        case when contribution_rank <= 10 or feature_type = 'numeric' or part = 'strip' then bin end as shown_bin,
        case when contribution_rank <= 10 or feature_type = 'numeric' or part = 'strip' then bin_label else 'the rest' end as shown_label,
        case when contribution_rank <= 10 or feature_type = 'numeric' or part = 'strip' then bin_kind else 'rest' end as shown_kind,
        reference_share,
        window_share,
        psi_contribution,
        contribution_rank
    from bins
),

final as (
    select
        monitor,
        feature,
        feature_type,
        feature_rank,
        window_end,
        span,
        psi,
        sample_size,
        status,
        part,
        shown_label as bin_label,
        shown_kind as bin_kind,
        row_number() over (
            partition by monitor, feature, part
            order by
                case when shown_kind = 'rest' then 1 else 0 end,
                case when feature_type = 'numeric' then min(shown_bin) else min(contribution_rank) end,
                shown_label
        ) as bin_order,
        count(*) as n_bins,
        sum(reference_share) as reference_share,
        sum(window_share) as window_share,
        sum(psi_contribution) as psi_contribution
    from shown
    group by
        monitor,
        feature,
        feature_type,
        feature_rank,
        window_end,
        span,
        psi,
        sample_size,
        status,
        part,
        shown_bin,
        shown_label,
        shown_kind
)

select * from final
