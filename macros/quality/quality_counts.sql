{% macro quality_keys() %}
    {#- What a value of data quality is about. -#}
    {{ return(['monitor', 'window_number', 'span', 'model_version', 'segment', 'segment_value', 'feature']) }}
{% endmacro %}


{% macro quality_profiles() %}
    {#- One row per window, version, segment and feature, with what is not a value counted. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    features as (
        select monitor, feature, feature_type from {{ ref('ml_monitor__features') }}
    ),

    monitors as (
        select monitor, edge_set_id from {{ ref('ml_monitor__monitors') }}
    ),

    profiles as (
        select
            profile.monitor,
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
            sum(coalesce(profile.n_below, 0) + coalesce(profile.n_above, 0)) as n_out_of_range,
            sum(profile.n_out_of_bounds) as n_out_of_bounds
        from {{ ref('ml_monitor__feature_profiles') }} as profile
        inner join monitors on monitors.monitor = profile.monitor and monitors.edge_set_id = profile.edge_set_id
        inner join features on features.monitor = profile.monitor and features.feature = profile.feature
        inner join needed_windows on needed_windows.monitor = profile.monitor and profile.window_number > needed_windows.since_number
        group by profile.monitor, profile.model_version, profile.segment, profile.segment_value, profile.feature, features.feature_type, profile.window_number
    )
{% endmacro %}


{% macro quality_counts() %}
    {#- The same summed over the spans that end with a stale window, by version and for all of them. -#}
    {%- set cell = 'spans.monitor, spans.window_number, spans.span, profiles.segment, profiles.segment_value, profiles.feature, profiles.feature_type' -%}
    sums as (
        select {{ cell }}, coalesce(profiles.model_version, '__all__') as model_version,
            {%- for number in ['n_rows', 'n_missing', 'n_invalid', 'n_unseen', 'n_out_of_range', 'n_out_of_bounds'] %}
            sum(profiles.{{ number }}) as {{ number }}{{ ',' if not loop.last }}
            {%- endfor %}
        from stale_spans as spans
        inner join profiles
            on profiles.monitor = spans.monitor
            and profiles.window_number > spans.window_number - spans.span
            and profiles.window_number <= spans.window_number
        group by grouping sets (
            ({{ cell }}),
            ({{ cell }}, profiles.model_version)
        )
    ),

    counts as (
        select *, n_rows - n_missing - n_invalid as n_values
        from sums
        where n_rows > 0
    )
{% endmacro %}
