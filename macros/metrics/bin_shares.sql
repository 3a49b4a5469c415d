{% macro bin_shares() %}
    {#- From `compared_bins`: sizes, plain shares (for distances that need no smoothing) and smoothed shares q, p.
        Value bins are the frozen ones, `other` and, when the window has some, `unseen`; missing and invalid are apart. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set double = ml_monitor.type_double() -%}
    {%- set not_values = '(' ~ codes.missing ~ ', ' ~ codes.invalid ~ ')' -%}
    {%- set value = 'bin not in ' ~ not_values ~ ' and window_n + reference_n > 0' -%}
    declared_bins as (
        select bins.monitor, bins.feature, count(distinct bins.bin) as n_declared,
            max(case when bins.feature_type = 'numeric' then 2 else 1 end) as n_not_values
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.edge_set_id = bins.edge_set_id and monitors.monitor = bins.monitor
        where bins.segment = '__all__' and bins.bin not in ({{ codes.total }}, {{ codes.missing }}, {{ codes.invalid }}, {{ codes.unseen }})
        group by bins.monitor, bins.feature
    ),

    group_sizes as (
        select
            cell, window_number, span, baseline,
            cast(sum(case when {{ value }} then window_n else 0 end) as {{ double }}) as window_size,
            cast(sum(case when {{ value }} then reference_n else 0 end) as {{ double }}) as reference_size,
            cast(sum(window_n) as {{ double }}) as window_size_with_missing,
            cast(sum(reference_n) as {{ double }}) as reference_size_with_missing,
            max(case when bin = {{ codes.unseen }} and window_n + reference_n > 0 then 1 else 0 end) as has_unseen,
            sum(case when {{ value }} then 1 else 0 end) as n_present,
            sum(case when window_n + reference_n > 0 then 1 else 0 end) as n_present_with_missing
        from compared_bins
        group by cell, window_number, span, baseline
    ),

    sized_groups as (
        select
            group_sizes.*,
            cells.monitor,
            cells.model_version,
            cells.segment,
            cells.segment_value,
            cells.feature,
            monitors.smoothing_floor,
            monitors.reference_trailing,
            declared_bins.n_declared + group_sizes.has_unseen as n_bins,
            declared_bins.n_declared + group_sizes.has_unseen + declared_bins.n_not_values as n_bins_with_missing,
            case when group_sizes.window_size > 0 and group_sizes.reference_size > 0 then 1 else 0 end as is_comparable
        from group_sizes
        inner join cells on cells.cell = group_sizes.cell
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = cells.monitor
        inner join declared_bins on declared_bins.monitor = cells.monitor and declared_bins.feature = cells.feature
    ),

    bin_shares as (
        select
            {% for column in ['cell', 'window_number', 'span', 'baseline'] %}bins.{{ column }}, {% endfor %}
            {% for column in ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'smoothing_floor', 'reference_trailing', 'n_bins', 'n_bins_with_missing',
                'n_present', 'n_present_with_missing', 'window_size', 'reference_size', 'window_size_with_missing', 'reference_size_with_missing'] %}sized.{{ column }}, {% endfor %}
            bins.bin,
            bins.window_n,
            bins.reference_n,
            case when bins.bin not in {{ not_values }} and sized.window_size > 0 then bins.window_n / sized.window_size end as window_share,
            case when bins.bin not in {{ not_values }} and sized.reference_size > 0 then bins.reference_n / sized.reference_size end as reference_share,
            case when bins.bin not in {{ not_values }} and sized.is_comparable = 1 then
                {{ ml_monitor.smoothed_share('bins.window_n', 'sized.window_size', 'sized.n_bins', 'sized.smoothing_floor') }}
            end as q,
            case when bins.bin not in {{ not_values }} and sized.is_comparable = 1 then
                {{ ml_monitor.smoothed_share('bins.reference_n', 'sized.reference_size', 'sized.n_bins', 'sized.smoothing_floor') }}
            end as p,
            case when sized.window_size_with_missing > 0 and sized.reference_size_with_missing > 0 then
                {{ ml_monitor.smoothed_share('bins.window_n', 'sized.window_size_with_missing', 'sized.n_bins_with_missing', 'sized.smoothing_floor') }}
            end as q_with_missing,
            case when sized.window_size_with_missing > 0 and sized.reference_size_with_missing > 0 then
                {{ ml_monitor.smoothed_share('bins.reference_n', 'sized.reference_size_with_missing', 'sized.n_bins_with_missing', 'sized.smoothing_floor') }}
            end as p_with_missing
        from compared_bins as bins
        inner join sized_groups as sized
            on sized.cell = bins.cell
            and sized.window_number = bins.window_number
            and sized.span = bins.span
            and sized.baseline = bins.baseline
        where bins.window_n + bins.reference_n > 0
    )
{% endmacro %}
