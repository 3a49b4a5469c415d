{% macro bin_shares() %}
    {#- From `compared_bins`: plain shares for distances that need no smoothing, smoothed shares q, p and ln(q / p), of each of the `bin_kinds()`. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set is_value = 'bin not in (' ~ codes.missing ~ ', ' ~ codes.invalid ~ ')' -%}
    sized_bins as (
        select *, n_bins + n_not_values as n_bins_with_missing, case when {{ is_value }} then 1 else 0 end as is_value, 1 as is_value_with_missing,
            case when {{ is_value }} and bin <> {{ codes.unseen }} then 1 else 0 end as is_value_without_unseen
        from compared_bins
    ),

    smoothed_bins as (
        select *,
            {%- for kind in ml_monitor.bin_kinds() %}
                {%- set comparable = 'is_value' ~ kind ~ ' = 1 and window_size' ~ kind ~ ' > 0 and reference_size' ~ kind ~ ' > 0' %}
            case when {{ comparable }} then window_n / window_size{{ kind }} end as window_share{{ kind }},
            case when {{ comparable }} then reference_n / reference_size{{ kind }} end as reference_share{{ kind }},
            case when {{ comparable }} then {{ ml_monitor.smoothed_share('window_n', 'window_size' ~ kind, 'n_bins' ~ kind, 'smoothing_floor') }} end as q{{ kind }},
            case when {{ comparable }} then {{ ml_monitor.smoothed_share('reference_n', 'reference_size' ~ kind, 'n_bins' ~ kind, 'smoothing_floor') }} end as p{{ kind }}{{ ',' if not loop.last }}
            {%- endfor %}
        from sized_bins
    ),

    bin_shares as (
        select *,
            {%- for kind in ml_monitor.bin_kinds() %}
            ln(q{{ kind }} / p{{ kind }}) as log_ratio{{ kind }},
            {%- endfor %}
            case when feature_type = 'numeric' then window_below / nullif(window_size, 0) - reference_below / nullif(reference_size, 0) end as cumulative_gap
        from smoothed_bins
    )
{% endmacro %}
