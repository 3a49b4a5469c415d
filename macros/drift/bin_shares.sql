{% macro bin_shares() %}
    {#- From `compared_bins`: plain shares for distances that need no smoothing, smoothed shares q, p and ln(q / p). Value bins are the
        frozen ones, `other` and, when the window has some, `unseen`; `_with_missing` counts missing and invalid too, `_without_unseen` only the
        frozen ones and `other`. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set is_value = 'bin not in (' ~ codes.missing ~ ', ' ~ codes.invalid ~ ')' -%}
    sized_bins as (
        select *, n_bins + n_not_values as n_bins_with_missing, case when {{ is_value }} then 1 else 0 end as is_value, 1 as is_value_with_missing,
            case when {{ is_value }} and bin <> {{ codes.unseen }} then 1 else 0 end as is_value_without_unseen
        from compared_bins
    ),

    smoothed_bins as (
        select *,
            {%- for kind in ['', '_with_missing', '_without_unseen'] %}
                {%- set comparable = 'is_value' ~ kind ~ ' = 1 and window_size' ~ kind ~ ' > 0 and reference_size' ~ kind ~ ' > 0' %}
                {%- if kind != '_without_unseen' %}
            case when {{ comparable }} then window_n / window_size{{ kind }} end as window_share{{ kind }},
            case when {{ comparable }} then reference_n / reference_size{{ kind }} end as reference_share{{ kind }},
                {%- endif %}
            case when {{ comparable }} then {{ ml_monitor.smoothed_share('window_n', 'window_size' ~ kind, 'n_bins' ~ kind, 'smoothing_floor') }} end as q{{ kind }},
            case when {{ comparable }} then {{ ml_monitor.smoothed_share('reference_n', 'reference_size' ~ kind, 'n_bins' ~ kind, 'smoothing_floor') }} end as p{{ kind }}{{ ',' if not loop.last }}
            {%- endfor %}
        from sized_bins
    ),

    bin_shares as (
        select *,
            ln(q / p) as log_ratio,
            ln(q_with_missing / p_with_missing) as log_ratio_with_missing,
            ln(q_without_unseen / p_without_unseen) as log_ratio_without_unseen,
            case when feature_type = 'numeric' then window_below / nullif(window_size, 0) - reference_below / nullif(reference_size, 0) end as cumulative_gap
        from smoothed_bins
    )
{% endmacro %}
