{{ config(**ml_monitor.metric_config()) }}

{%- set codes = ml_monitor.bin_codes() %}
{%- set keys = ['monitor', 'window_number', 'span', 'model_version', 'segment', 'segment_value', 'feature', 'feature_type'] %}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.longest_span') }},

features as (
    select monitor, feature, feature_type from {{ ref('ml_monitor__features') }}
),

spans as (
    select stale_windows.monitor, stale_windows.window_number, spans.span, monitors.edge_set_id
    from stale_windows
    inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = stale_windows.monitor
),

profiles as (
    select
        profile.monitor,
        profile.edge_set_id,
        profile.model_version,
        profile.segment,
        profile.segment_value,
        profile.feature,
        features.feature_type,
        profile.window_number,
        sum(case when profile.bin = {{ codes.total }} then profile.n else 0 end) as n_rows,
        sum(case when profile.bin = {{ codes.missing }} then profile.n else 0 end) as n_missing,
        sum(case when profile.bin = {{ codes.invalid }} then profile.n else 0 end) as n_invalid,
        sum(case when profile.bin = {{ codes.unseen }} then profile.n else 0 end) as n_unseen,
        sum(coalesce(profile.n_below, 0) + coalesce(profile.n_above, 0)) as n_out_of_range
    from {{ ref('ml_monitor__feature_profiles') }} as profile
    inner join features on features.monitor = profile.monitor and features.feature = profile.feature
    inner join needed_windows on needed_windows.monitor = profile.monitor and profile.window_number > needed_windows.since_number
    group by profile.monitor, profile.edge_set_id, profile.model_version, profile.segment, profile.segment_value, profile.feature,
        features.feature_type, profile.window_number
),

counts as (
    select
        spans.monitor,
        spans.window_number,
        spans.span,
        coalesce(profiles.model_version, '__all__') as model_version,
        profiles.segment,
        profiles.segment_value,
        profiles.feature,
        profiles.feature_type,
        sum(profiles.n_rows) as n_rows,
        sum(profiles.n_missing) as n_missing,
        sum(profiles.n_invalid) as n_invalid,
        sum(profiles.n_unseen) as n_unseen,
        sum(profiles.n_out_of_range) as n_out_of_range
    from spans
    inner join profiles
        on profiles.monitor = spans.monitor
        and profiles.edge_set_id = spans.edge_set_id
        and profiles.window_number > spans.window_number - spans.span
        and profiles.window_number <= spans.window_number
    group by grouping sets (
        (spans.monitor, spans.window_number, spans.span, profiles.segment, profiles.segment_value, profiles.feature, profiles.feature_type),
        (spans.monitor, spans.window_number, spans.span, profiles.segment, profiles.segment_value, profiles.feature, profiles.feature_type, profiles.model_version)
    )
),

unseen_counts as (
    select spans.monitor, spans.window_number, spans.span, profile.segment, profile.segment_value, profile.feature, profile.category, sum(profile.n) as n
    from spans
    inner join {{ ref('ml_monitor__feature_profiles') }} as profile
        on profile.monitor = spans.monitor
        and profile.edge_set_id = spans.edge_set_id
        and profile.window_number > spans.window_number - spans.span
        and profile.window_number <= spans.window_number
    where profile.bin = {{ codes.unseen }}
    group by spans.monitor, spans.window_number, spans.span, profile.segment, profile.segment_value, profile.feature, profile.category
),

unseen_names as (
    select monitor, window_number, span, segment, segment_value, feature, {{ ml_monitor.listed('category', 'frequency_rank') }} as detail
    from (
        select *, row_number() over (partition by monitor, window_number, span, segment, segment_value, feature order by n desc, category) as frequency_rank
        from unseen_counts
    ) as ranked
    where frequency_rank <= 5
    group by monitor, window_number, span, segment, segment_value, feature
),

reference_missing as (
    select bins.monitor, bins.segment, bins.segment_value, bins.feature,
        sum(case when bins.bin = {{ codes.missing }} then bins.n else 0 end) as n_missing,
        sum(case when bins.bin = {{ codes.total }} then bins.n else 0 end) as n_rows
    from {{ ref('ml_monitor__reference_bins') }} as bins
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = bins.monitor and monitors.edge_set_id = bins.edge_set_id
    group by bins.monitor, bins.segment, bins.segment_value, bins.feature
),

rates as (
    select {{ keys | join(', ') }}, 'missing_rate' as metric, n_missing as n_bad, n_rows as n from counts
    union all
    select {{ keys | join(', ') }}, 'invalid_rate', n_invalid, n_rows from counts where feature_type = 'numeric'
    union all
    select {{ keys | join(', ') }}, 'out_of_range_rate', n_out_of_range, n_rows - n_missing - n_invalid from counts where feature_type = 'numeric'
    union all
    select {{ keys | join(', ') }}, 'unseen_rate', n_unseen, n_rows - n_missing from counts where feature_type = 'categorical'
),

metrics as (
    select
        {{ keys | join(', ') }},
        metric,
        1e0 * n_bad / n as metric_value,
        n as sample_size,
        cast(null as bigint) as reference_size,
        {{ ml_monitor.wilson_bound('n_bad', 'n', '-') }} as lower_bound,
        {{ ml_monitor.wilson_bound('n_bad', 'n', '+') }} as upper_bound
    from rates
    where n > 0
    union all
    select
        {% for key in keys %}counts.{{ key }}, {% endfor %}
        'missing_rate_increase',
        1e0 * counts.n_missing / counts.n_rows - 1e0 * reference_missing.n_missing / reference_missing.n_rows,
        counts.n_rows,
        reference_missing.n_rows,
        {{ ml_monitor.wilson_bound('counts.n_missing', 'counts.n_rows', '-') }} - 1e0 * reference_missing.n_missing / reference_missing.n_rows,
        {{ ml_monitor.wilson_bound('counts.n_missing', 'counts.n_rows', '+') }} - 1e0 * reference_missing.n_missing / reference_missing.n_rows
    from counts
    inner join reference_missing
        on reference_missing.monitor = counts.monitor
        and reference_missing.segment = counts.segment
        and reference_missing.segment_value = counts.segment_value
        and reference_missing.feature = counts.feature
    where counts.n_rows > 0 and reference_missing.n_rows > 0
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
        {%- for number in ['metric_value', 'lower_bound', 'upper_bound'] %}
        cast(metrics.{{ number }} as {{ ml_monitor.type_double() }}) as {{ number }},
        {%- endfor %}
        metrics.sample_size,
        metrics.reference_size,
        unseen_names.detail,
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
