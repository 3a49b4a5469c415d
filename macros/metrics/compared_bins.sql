{#- Window counts beside reference counts, per bin, for every stale window and span.
    A `cell` numbers what the counts are of (monitor, edge set, version or all of them, segment, feature): the big joins, sums and
    partitions below then work on integers. -#}

{% macro compared_bins(pooled_only=false) %}
    {{ ml_monitor.profile_cells(pooled_only) }},

    targets as (
        select stale_windows.monitor, stale_windows.window_number, spans.span, coalesce(monitors.reference_trailing, monitors.trailing_baseline) as trailing_windows
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = stale_windows.monitor
    ),

    window_counts as (
        {{ ml_monitor.span_counts('0', 'targets.span', 'cell_counts') }}
    ),

    trailing_counts as (
        {{ ml_monitor.span_counts('targets.span', 'targets.trailing_windows', 'trailing_cell_counts') }}
    ),

    compared_groups as (
        select distinct cell, window_number, span from window_counts
    ),

    compared_bins as (
        select cell, window_number, span, baseline, bin, sum(window_n) as window_n, sum(reference_n) as reference_n
        from (
            select window_counts.cell, window_counts.window_number, window_counts.span, baselines.baseline, window_counts.bin, window_counts.n as window_n, 0 as reference_n
            from window_counts
            inner join cell_baselines as baselines on baselines.cell = window_counts.cell
            union all
            select compared_groups.cell, compared_groups.window_number, compared_groups.span, 'fixed', reference.bin, 0, reference.n
            from compared_groups
            inner join cell_reference as reference on reference.cell = compared_groups.cell
            union all
            select compared_groups.cell, compared_groups.window_number, compared_groups.span, 'trailing', trailing_counts.bin, 0, trailing_counts.n
            from compared_groups
            inner join cells on cells.cell = compared_groups.cell
            inner join trailing_counts
                on trailing_counts.cell = cells.pooled_cell
                and trailing_counts.window_number = compared_groups.window_number
                and trailing_counts.span = compared_groups.span
        ) as sides
        group by cell, window_number, span, baseline, bin
    )
{% endmacro %}


{% macro profile_cells(pooled_only) %}
    profiles as (
        select profile.monitor, profile.edge_set_id, profile.model_version, profile.segment, profile.segment_value, profile.feature,
            profile.window_number, profile.bin, sum(profile.n) as n
        from {{ ref('ml_monitor__feature_profiles') }} as profile
        inner join {{ ref('ml_monitor__monitors') }} as monitors
            on monitors.monitor = profile.monitor
            and monitors.edge_set_id = profile.edge_set_id
        inner join needed_windows
            on needed_windows.monitor = profile.monitor
            and profile.window_number > needed_windows.since_number
        where profile.feature <> '__all__' and profile.bin <> 0 {{ "and profile.segment = '__all__'" if pooled_only }}
        group by profile.monitor, profile.edge_set_id, profile.model_version, profile.segment, profile.segment_value, profile.feature,
            profile.window_number, profile.bin
    ),

    named_cells as (
        select monitor, edge_set_id, model_version, segment, segment_value, feature,
            row_number() over (order by monitor, edge_set_id, model_version, segment, segment_value, feature) as cell
        from (
            {{ "select distinct monitor, edge_set_id, model_version, segment, segment_value, feature from profiles union" if not pooled_only }}
            select distinct monitor, edge_set_id, '__all__' as model_version, segment, segment_value, feature from profiles
        ) as named
    ),

    cells as (
        select
            named_cells.*,
            pooled.cell as pooled_cell,
            monitors.reference_trailing,
            {#- Beside a fixed reference the trailing one only tells slow drift from sudden: for the whole population that is enough. #}
            case when monitors.reference_trailing is not null or (named_cells.model_version = '__all__' and named_cells.segment = '__all__') then 1 else 0 end as has_trailing
        from named_cells
        inner join named_cells as pooled
            on pooled.monitor = named_cells.monitor
            and pooled.segment = named_cells.segment
            and pooled.segment_value = named_cells.segment_value
            and pooled.feature = named_cells.feature
            and pooled.model_version = '__all__'
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = named_cells.monitor
    ),

    cell_baselines as (
        select cell, 'fixed' as baseline from cells where reference_trailing is null
        union all
        select cell, 'trailing' as baseline from cells where has_trailing = 1
    ),

    cell_counts as (
        {%- for version in (["'__all__'"] if pooled_only else ['profiles.model_version', "'__all__'"]) %}
        select cells.monitor, cells.cell, profiles.window_number, profiles.bin,
            max(case when cells.pooled_cell = cells.cell then cells.has_trailing else 0 end) as is_trailing, sum(profiles.n) as n
        from profiles
        inner join cells
            on cells.monitor = profiles.monitor
            and cells.model_version = {{ version }}
            and cells.segment = profiles.segment
            and cells.segment_value = profiles.segment_value
            and cells.feature = profiles.feature
        group by cells.monitor, cells.cell, profiles.window_number, profiles.bin
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    trailing_cell_counts as (
        select monitor, cell, window_number, bin, n from cell_counts where is_trailing = 1
    ),

    cell_reference as (
        select cells.cell, bins.bin, sum(bins.n) as n
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join cells
            on cells.monitor = bins.monitor
            and cells.edge_set_id = bins.edge_set_id
            and cells.segment = bins.segment
            and cells.segment_value = bins.segment_value
            and cells.feature = bins.feature
        where bins.bin <> 0 and cells.reference_trailing is null
        group by cells.cell, bins.bin
    )
{%- endmacro %}


{% macro span_counts(offset, length, counts) %}
    {#- Counts summed over `length` windows that end `offset` windows before the target. -#}
        select {{ counts }}.cell, targets.window_number, targets.span, {{ counts }}.bin, sum({{ counts }}.n) as n
        from targets
        inner join {{ counts }}
            on {{ counts }}.monitor = targets.monitor
            and {{ counts }}.window_number > targets.window_number - {{ offset }} - {{ length }}
            and {{ counts }}.window_number <= targets.window_number - {{ offset }}
        group by {{ counts }}.cell, targets.window_number, targets.span, {{ counts }}.bin
{%- endmacro %}
