{% macro drift_profiles(pooled_only=false) %}
    {#- The counts that the stale windows look back on. -#}
    profiles as (
        select profile.monitor, profile.model_version, profile.segment, profile.segment_value, profile.feature, profile.window_number, profile.bin,
            sum(cast(profile.n as {{ ml_monitor.type_double() }})) as n, sum(profile.n_valid) as n_valid, sum(profile.value_sum) as value_sum,
            sum(profile.value_sum_squares) as value_sum_squares
        from {{ ref('ml_monitor__feature_profiles') }} as profile
        inner join {{ ref('ml_monitor__monitors') }} as monitors
            on monitors.monitor = profile.monitor
            and monitors.edge_set_id = profile.edge_set_id
        inner join needed_windows
            on needed_windows.monitor = profile.monitor
            and profile.window_number > needed_windows.since_number
        where profile.feature <> '__all__' {{ "and profile.segment = '__all__'" if pooled_only }}
        group by profile.monitor, profile.model_version, profile.segment, profile.segment_value, profile.feature, profile.window_number, profile.bin
    )
{% endmacro %}


{% macro drift_cells(pooled_only=false) %}
    {#- A `cell` numbers what is compared (monitor, version or all of them, segment, feature), so that the big joins and
        partitions work on integers. -#}
    {%- set name = 'monitor, segment, segment_value, feature' -%}
    {%- set own_references = ml_monitor.version_references() -%}
    named_cells as (
        {{ "select distinct model_version, " ~ name ~ " from profiles " ~ ml_monitor.union_distinct() if not pooled_only }}
        select distinct '__all__' as model_version, {{ name }} from profiles
    ),

    numbered_cells as (
        select *, row_number() over (order by monitor, model_version, segment, segment_value, feature) as cell from named_cells
    ),

    cells as (
        select
            numbered.*,
            pooled.cell as pooled_cell,
            monitors.edge_set_id,
            monitors.smoothing_floor,
            features.feature_type,
            features.n_declared,
            case when features.feature_type = 'numeric' then 2 else 1 end as n_not_values,
            {{ ml_monitor.reference_of_version('numbered', own_references and not pooled_only) }}
        from numbered_cells as numbered
        inner join numbered_cells as pooled
            on pooled.monitor = numbered.monitor
            and pooled.segment = numbered.segment
            and pooled.segment_value = numbered.segment_value
            and pooled.feature = numbered.feature
            and pooled.model_version = '__all__'
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = numbered.monitor
        inner join declared_features as features on features.monitor = numbered.monitor and features.feature = numbered.feature
        {%- if own_references and not pooled_only %}
        left join version_stretches as stretches on stretches.monitor = numbered.monitor and stretches.model_version = numbered.model_version
        {%- endif %}
    )
{% endmacro %}


{% macro drift_cell_counts(pooled_only=false) %}
    cell_counts as (
        {%- for version in (["'__all__'"] if pooled_only else ["'__all__'", 'profiles.model_version']) %}
        select cells.cell, profiles.window_number, profiles.bin, sum(profiles.n) as n, sum(profiles.n_valid) as n_valid, sum(profiles.value_sum) as value_sum,
            sum(profiles.value_sum_squares) as value_sum_squares
        from profiles
        inner join cells
            on cells.monitor = profiles.monitor
            and cells.model_version = {{ version }}
            and cells.segment = profiles.segment
            and cells.segment_value = profiles.segment_value
            and cells.feature = profiles.feature
        group by cells.cell, profiles.window_number, profiles.bin
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{% endmacro %}


{% macro declared_bins() %}
    {#- The frozen bins of the edge sets in use, how many each feature has, and how wide they are in robust standard deviations:
        the outer bins end at the reference's 0.5 % and 99.5 % points, or one wild value would be all that a distance sees. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    frozen_bins as (
        select bins.*
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = bins.monitor and monitors.edge_set_id = bins.edge_set_id
    ),

    {{ ml_monitor.version_bins() }}

    declared_bins as (
        select monitor, '__all__' as model_version, segment, segment_value, feature, feature_type, bin, sum(cast(n as {{ ml_monitor.type_double() }})) as n, max(lower_bound) as lower_bound,
            max(upper_bound) as upper_bound, max(n_valid) as n_valid, max(value_sum) as value_sum, max(value_sum_squares) as value_sum_squares
        from frozen_bins
        group by monitor, segment, segment_value, feature, feature_type, bin
        {%- if ml_monitor.version_references() %}
        union all
        select monitor, model_version, segment, segment_value, feature, null, bin, n, null, null, n_valid, value_sum, value_sum_squares from version_bins
        {%- endif %}
    ),

    declared_features as (
        select monitor, feature, feature_type, count(distinct case when bin > 0 or bin = {{ codes.other }} then bin end) as n_declared,
            max(clip_low) as clip_low, max(clip_high) as clip_high, max(robust_deviation) as robust_deviation
        from frozen_bins
        where segment = '__all__'
        group by monitor, feature, feature_type
    ),

    bin_widths as (
        select bins.monitor, bins.feature, bins.bin,
            (coalesce(bins.upper_bound, features.clip_high) - coalesce(bins.lower_bound, features.clip_low)) / nullif(features.robust_deviation, 0) as width
        from declared_bins as bins
        inner join declared_features as features on features.monitor = bins.monitor and features.feature = bins.feature
        where bins.model_version = '__all__' and bins.segment = '__all__' and bins.feature_type = 'numeric' and bins.bin > 0
    )
{% endmacro %}
