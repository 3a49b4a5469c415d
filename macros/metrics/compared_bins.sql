{% macro compared_bins(pooled_only=false) %}
    {#- Window counts beside reference counts, per bin, for every stale window and span. CTEs; the last is `compared_bins`.
        The baseline `trailing` is the same profile, the windows just before the span. -#}
    {%- set groups = ['monitor', 'window_number', 'span'] -%}
    {%- set variables = ['segment', 'segment_value', 'feature'] -%}
    {#- Beside a fixed reference the trailing one only tells slow drift from sudden: for the whole population that is enough. -#}
    {%- set trailing_is_compared -%}
        (compared_groups.reference_trailing is not null or (compared_groups.model_version = '__all__' and compared_groups.segment = '__all__'))
    {%- endset -%}
    targets as (
        select
            stale_windows.monitor,
            stale_windows.window_number,
            spans.span,
            monitors.edge_set_id,
            coalesce(monitors.reference_trailing, monitors.trailing_baseline) as trailing_windows,
            monitors.reference_trailing
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = stale_windows.monitor
    ),

    profiles as (
        select monitor, edge_set_id, model_version, segment, segment_value, feature, window_number, bin, sum(n) as n
        from {{ ref('ml_monitor__feature_profiles') }}
        where feature <> '__all__' and bin <> 0 {{ "and segment = '__all__'" if pooled_only }}
        group by monitor, edge_set_id, model_version, segment, segment_value, feature, window_number, bin
    ),

    window_counts as (
        {{ ml_monitor.span_counts('0', 'targets.span', pooled_only) }}
    ),

    trailing_counts as (
        {{ ml_monitor.span_counts('targets.span', 'targets.trailing_windows', true) }}
    ),

    frozen_counts as (
        select bins.monitor, bins.edge_set_id, bins.segment, bins.segment_value, bins.feature, bins.bin, sum(bins.n) as n
        from {{ ref('ml_monitor__reference_bins') }} as bins
        where bins.bin <> 0
        group by bins.monitor, bins.edge_set_id, bins.segment, bins.segment_value, bins.feature, bins.bin
    ),

    compared_groups as (
        select distinct window_counts.monitor, window_counts.window_number, window_counts.span, window_counts.model_version,
            window_counts.segment, window_counts.segment_value, window_counts.feature, targets.edge_set_id, targets.reference_trailing
        from window_counts
        inner join targets
            on targets.monitor = window_counts.monitor
            and targets.window_number = window_counts.window_number
            and targets.span = window_counts.span
    ),

    reference_counts as (
        select compared_groups.monitor, compared_groups.window_number, compared_groups.span, compared_groups.model_version,
            compared_groups.segment, compared_groups.segment_value, compared_groups.feature,
            'fixed' as baseline, frozen_counts.bin, frozen_counts.n
        from compared_groups
        inner join frozen_counts
            on frozen_counts.monitor = compared_groups.monitor
            and frozen_counts.edge_set_id = compared_groups.edge_set_id
            and frozen_counts.segment = compared_groups.segment
            and frozen_counts.segment_value = compared_groups.segment_value
            and frozen_counts.feature = compared_groups.feature
        where compared_groups.reference_trailing is null
        union all
        select compared_groups.monitor, compared_groups.window_number, compared_groups.span, compared_groups.model_version,
            compared_groups.segment, compared_groups.segment_value, compared_groups.feature,
            'trailing' as baseline, trailing_counts.bin, trailing_counts.n
        from compared_groups
        inner join trailing_counts
            on trailing_counts.monitor = compared_groups.monitor
            and trailing_counts.window_number = compared_groups.window_number
            and trailing_counts.span = compared_groups.span
            and trailing_counts.segment = compared_groups.segment
            and trailing_counts.segment_value = compared_groups.segment_value
            and trailing_counts.feature = compared_groups.feature
        where {{ trailing_is_compared }}
    ),

    compared_bins as (
        select {{ (groups + ['model_version'] + variables) | join(', ') }}, baseline, bin, sum(window_n) as window_n, sum(reference_n) as reference_n
        from (
            select {{ (groups + ['model_version'] + variables) | join(', ') }}, baseline, bin, 0 as window_n, n as reference_n
            from reference_counts
            union all
            select {% for column in groups + ['model_version'] + variables %}window_counts.{{ column }}, {% endfor %}baselines.baseline, window_counts.bin, window_counts.n, 0
            from window_counts
            inner join compared_groups
                on {% for column in groups + ['model_version'] + variables %}compared_groups.{{ column }} = window_counts.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
            inner join (select 'fixed' as baseline union all select 'trailing' as baseline) as baselines
                on (baselines.baseline = 'fixed' and compared_groups.reference_trailing is null)
                or (baselines.baseline = 'trailing' and {{ trailing_is_compared }})
        ) as sides
        group by {{ (groups + ['model_version'] + variables) | join(', ') }}, baseline, bin
    )
{% endmacro %}


{% macro span_counts(offset, length, pooled_only) %}
    {#- Profile counts summed over `length` windows that end `offset` windows before the target; pooled over versions as well. -#}
    {%- set keys = 'targets.monitor, targets.window_number, targets.span, profiles.segment, profiles.segment_value, profiles.feature, profiles.bin' %}
        select
            targets.monitor,
            targets.window_number,
            targets.span,
            {{ "'__all__'" if pooled_only else "coalesce(profiles.model_version, '__all__')" }} as model_version,
            profiles.segment,
            profiles.segment_value,
            profiles.feature,
            profiles.bin,
            sum(profiles.n) as n
        from targets
        inner join profiles
            on profiles.monitor = targets.monitor
            and profiles.edge_set_id = targets.edge_set_id
            and profiles.window_number > targets.window_number - {{ offset }} - {{ length }}
            and profiles.window_number <= targets.window_number - {{ offset }}
            {{ "and (targets.reference_trailing is not null or profiles.segment = '__all__')" if pooled_only and offset != '0' }}
        group by {{ keys if pooled_only else 'grouping sets ((' ~ keys ~ '), (' ~ keys ~ ', profiles.model_version))' }}
{%- endmacro %}
