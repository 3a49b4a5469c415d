{% macro bin_shares() %}
    {#- From `compared_bins`: sizes, plain shares (for distances that need no smoothing) and smoothed shares q, p.
        Value bins are the frozen ones, `other` and, when the window has some, `unseen`; missing and invalid are apart. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set group = 'monitor, window_number, span, model_version, segment, segment_value, feature, baseline' -%}
    {%- set is_value = 'bin not in (' ~ codes.missing ~ ', ' ~ codes.invalid ~ ')' -%}
    declared_bins as (
        select bins.monitor, bins.feature, count(distinct bins.bin) as n_declared,
            max(case when bins.feature_type = 'numeric' then 2 else 1 end) as n_not_values
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.edge_set_id = bins.edge_set_id and monitors.monitor = bins.monitor
        where bins.segment = '__all__' and bins.bin <> {{ codes.total }} and bins.bin not in ({{ codes.missing }}, {{ codes.invalid }}, {{ codes.unseen }})
        group by bins.monitor, bins.feature
    ),

    sized_bins as (
        select
            *,
            case when {{ is_value }} then true else false end as is_value,
            cast(sum(case when {{ is_value }} then window_n else 0 end) over (partition by {{ group }}) as {{ ml_monitor.type_double() }}) as window_size,
            cast(sum(case when {{ is_value }} then reference_n else 0 end) over (partition by {{ group }}) as {{ ml_monitor.type_double() }}) as reference_size,
            cast(sum(window_n) over (partition by {{ group }}) as {{ ml_monitor.type_double() }}) as window_size_with_missing,
            cast(sum(reference_n) over (partition by {{ group }}) as {{ ml_monitor.type_double() }}) as reference_size_with_missing,
            max(case when bin = {{ codes.unseen }} and window_n + reference_n > 0 then 1 else 0 end) over (partition by {{ group }}) as has_unseen,
            sum(case when {{ is_value }} and window_n + reference_n > 0 then 1 else 0 end) over (partition by {{ group }}) as n_present,
            sum(case when not ({{ is_value }}) and window_n + reference_n > 0 then 1 else 0 end) over (partition by {{ group }}) as n_present_not_values
        from compared_bins
        where window_n + reference_n > 0
    ),

    bin_shares as (
        select
            sized.*,
            declared.n_declared + sized.has_unseen as n_bins,
            declared.n_declared + sized.has_unseen + declared.n_not_values as n_bins_with_missing,
            sized.n_present + sized.n_present_not_values as n_present_with_missing,
            monitors.smoothing_floor,
            case when sized.is_value and sized.window_size > 0 then sized.window_n / sized.window_size end as window_share,
            case when sized.is_value and sized.reference_size > 0 then sized.reference_n / sized.reference_size end as reference_share,
            case when sized.is_value and sized.window_size > 0 and sized.reference_size > 0 then
                {{ ml_monitor.smoothed_share('sized.window_n', 'sized.window_size', '(declared.n_declared + sized.has_unseen)', 'monitors.smoothing_floor') }}
            end as q,
            case when sized.is_value and sized.window_size > 0 and sized.reference_size > 0 then
                {{ ml_monitor.smoothed_share('sized.reference_n', 'sized.reference_size', '(declared.n_declared + sized.has_unseen)', 'monitors.smoothing_floor') }}
            end as p,
            case when sized.window_size_with_missing > 0 and sized.reference_size_with_missing > 0 then
                {{ ml_monitor.smoothed_share('sized.window_n', 'sized.window_size_with_missing', '(declared.n_declared + sized.has_unseen + declared.n_not_values)', 'monitors.smoothing_floor') }}
            end as q_with_missing,
            case when sized.window_size_with_missing > 0 and sized.reference_size_with_missing > 0 then
                {{ ml_monitor.smoothed_share('sized.reference_n', 'sized.reference_size_with_missing', '(declared.n_declared + sized.has_unseen + declared.n_not_values)', 'monitors.smoothing_floor') }}
            end as p_with_missing
        from sized_bins as sized
        inner join declared_bins as declared on declared.monitor = sized.monitor and declared.feature = sized.feature
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = sized.monitor
    )
{% endmacro %}
