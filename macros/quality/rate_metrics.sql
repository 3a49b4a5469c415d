{% macro rate_metrics() %}
    {#- Shares of bad rows with Wilson intervals. -#}
    {%- set keys = ml_monitor.quality_keys() | join(', ') -%}
    rates as (
        select {{ keys }}, 'missing_rate' as metric, n_missing as n_bad, n_rows as n from counts
        union all
        select {{ keys }}, 'invalid_rate', n_invalid, n_rows from counts where feature_type = 'numeric'
        union all
        select {{ keys }}, 'out_of_range_rate', n_out_of_range, n_values from counts where feature_type = 'numeric'
        union all
        select {{ keys }}, 'out_of_bounds_rate', n_out_of_bounds, n_values from counts where n_out_of_bounds is not null
        union all
        select {{ keys }}, 'unseen_rate', n_unseen, n_values from counts where feature_type = 'categorical'
    ),

    rate_metrics as (
        select
            {{ keys }},
            metric,
            1e0 * n_bad / n as metric_value,
            n as sample_size,
            {{ ml_monitor.wilson_bound('n_bad', 'n', '-') }} as lower_bound,
            {{ ml_monitor.wilson_bound('n_bad', 'n', '+') }} as upper_bound
        from rates
        where n > 0
    )
{% endmacro %}


{% macro unseen_names() %}
    {#- The five most frequent unseen categories of a span, all versions together. -#}
    {%- set keys = 'monitor, window_number, span, segment, segment_value, feature' -%}
    unseen_counts as (
        select spans.monitor, spans.window_number, spans.span, seen.segment, seen.segment_value, seen.feature, seen.category, sum(seen.n) as n
        from stale_spans as spans
        inner join category_windows as seen
            on seen.monitor = spans.monitor
            and seen.window_number > spans.window_number - spans.span
            and seen.window_number <= spans.window_number
        where seen.bin = {{ ml_monitor.bin_codes().unseen }}
        group by spans.monitor, spans.window_number, spans.span, seen.segment, seen.segment_value, seen.feature, seen.category
    ),

    unseen_names as (
        select {{ keys }}, {{ ml_monitor.listed('category', 'frequency_rank') }} as detail
        from (
            select *, row_number() over (partition by {{ keys }} order by n desc, category) as frequency_rank
            from unseen_counts
        ) as ranked
        where frequency_rank <= 5
        group by {{ keys }}
    )
{% endmacro %}
