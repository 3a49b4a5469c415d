{% macro rolled_up_drift(name, unit) %}
    {#- Body of a table of one's own: drift of calendar days, weeks or months that are over, from the profile of a finer monitor. Counts are
        summed, so no log is read; the formulas are those of `ml_monitor__drift_statistics`. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {%- do ml_monitor.validate_roll_up('rolled_up_drift', spec, unit) -%}
    {%- if spec.reference.per is defined -%}
        {%- do ml_monitor._config_error(name, 'reference.per', 'has no roll-up', ['a reference that is the same for all versions']) -%}
    {%- endif -%}
    {%- set is_frozen = ml_monitor.reference_kind(spec) in ['relation', 'period'] -%}
    {{ config(materialized='table', sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    with

    {{ ml_monitor.declared_bins() }},

    {{ ml_monitor.calendar_periods(spec, unit) }},

    {{ ml_monitor.period_counts(spec) }},

    {{ ml_monitor.period_baselines(spec, is_frozen) }},

    {{ ml_monitor.period_bins(spec, 'reference' if is_frozen else 'previous') }},

    {{ ml_monitor.bin_shares() }},

    {{ ml_monitor.moment_changes() }},

    {{ ml_monitor.drift_distances() }}

    select
        {{ ml_monitor.literal(name) }} as monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        cells.feature,
        cells.feature_type,
        cells.period_start as window_start,
        cells.period_end as window_end,
        completed.span as n_windows,
        completed.baseline,
        {{- ml_monitor.distance_columns() }},
        compared_moments.mean_shift,
        compared_moments.std_change
    from completed
    inner join cells on cells.cell = completed.cell
    left join compared_moments on compared_moments.cell = completed.cell and cells.feature_type = 'numeric'
{% endmacro %}


{% macro period_counts(spec) %}
    {#- CTEs `version_counts`, what a period's windows sum to by version, `counts` with all versions together too, and `cells`: what is compared, numbered. -#}
    {%- set key = 'period_start, segment, segment_value, feature' -%}
    {%- set sums = 'sum(n) as n, sum(n_valid) as n_valid, sum(value_sum) as value_sum, sum(value_sum_squares) as value_sum_squares, sum(base_n) as base_n,
            sum(base_n_valid) as base_n_valid, sum(base_value_sum) as base_value_sum, sum(base_value_sum_squares) as base_value_sum_squares' -%}
    version_counts as (
        select windows.period_start, profile.segment, profile.segment_value, profile.feature, profile.model_version, profile.bin,
            {%- for prefix, condition in {'': 'true', 'base_': 'not windows.is_excluded'}.items() %}
            sum(case when {{ condition }} then cast(profile.n as {{ ml_monitor.type_double() }}) else 0 end) as {{ prefix }}n,
            {%- for sum in ['n_valid', 'value_sum', 'value_sum_squares'] %}
            sum(case when {{ condition }} then profile.{{ sum }} else 0 end) as {{ prefix }}{{ sum }}{{ ',' if not (loop.last and prefix) }}
            {%- endfor %}
            {%- endfor %}
        from {{ ref('ml_monitor__feature_profiles') }} as profile
        inner join period_windows as windows on windows.window_number = profile.window_number
        where profile.monitor = {{ ml_monitor.literal(spec.name) }} and profile.edge_set_id = '{{ spec.edge_set_id }}' and profile.feature <> '__all__'
        group by windows.period_start, profile.segment, profile.segment_value, profile.feature, profile.model_version, profile.bin
    ),

    counts as (
        select {{ key }}, '__all__' as model_version, bin, {{ sums }} from version_counts group by {{ key }}, bin
        union all
        select {{ key }}, model_version, bin, {{ sums }} from version_counts group by {{ key }}, model_version, bin
    ),

    cells as (
        select row_number() over (order by named.period_start, named.model_version, named.segment, named.segment_value, named.feature) as cell,
            named.*, periods.period_end, periods.window_number, periods.n_windows, periods.place, monitors.smoothing_floor, features.feature_type, features.n_declared,
            case when features.feature_type = 'numeric' then 2 else 1 end as n_not_values
        from (select distinct {{ key }}, model_version from counts) as named
        inner join periods on periods.period_start = named.period_start
        inner join declared_features as features on features.monitor = {{ ml_monitor.literal(spec.name) }} and features.feature = named.feature
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = features.monitor
    )
{% endmacro %}


{% macro period_baselines(spec, is_frozen) %}
    {#- CTE `baselines`: what each period is compared with; the frozen reference, or all versions together in the period before. -#}
    {%- set columns = ['segment', 'segment_value', 'feature', 'bin'] -%}
    {%- set sums = ['n', 'n_valid', 'value_sum', 'value_sum_squares'] -%}
    baselines as (
        {%- if is_frozen %}
        select periods.period_start{% for column in columns + sums %}, bins.{{ column }}{% endfor %}
        from declared_bins as bins
        cross join periods
        where bins.monitor = {{ ml_monitor.literal(spec.name) }} and bins.model_version = '__all__'
        {%- else %}
        select periods.period_start{% for column in columns %}, counts.{{ column }}{% endfor %}{% for sum in sums %}, counts.base_{{ sum }} as {{ sum }}{% endfor %}
        from counts
        inner join periods as earlier on earlier.period_start = counts.period_start
        inner join periods on periods.place = earlier.place + 1 and earlier.period_end = periods.period_start
        where counts.model_version = '__all__'
        {%- endif %}
    )
{% endmacro %}


{% macro period_bins(spec, baseline) %}
    {#- CTEs `compared_bins` and `moment_sums` as the formulas of drift want them. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set same = 'segment = cells.segment and {0}.segment_value = cells.segment_value and {0}.feature = cells.feature and {0}.period_start = cells.period_start' -%}
    {%- set same_count = 'counts.' ~ same.format('counts') ~ ' and counts.model_version = cells.model_version' -%}
    {%- set same_base = 'baselines.' ~ same.format('baselines') -%}
    {%- set identity = "cells.cell, cells.window_number, cells.n_windows as span, '" ~ baseline ~ "' as baseline" -%}
    {%- set by_bin = 'over (partition by cell order by bin rows between unbounded preceding and current row)' -%}
    {%- set is_value = 'bin not in (' ~ codes.missing ~ ', ' ~ codes.invalid ~ ')' -%}
    all_bins as (
        select cells.cell, counts.bin, counts.n as window_n, 0e0 as reference_n from cells inner join counts on {{ same_count }} where counts.bin <> {{ codes.total }}
        union all
        select cells.cell, baselines.bin, 0e0, baselines.n from cells inner join baselines on {{ same_base }} where baselines.bin <> {{ codes.total }}
        union all
        select cells.cell, widths.bin, 0e0, 0e0 from cells
        inner join bin_widths as widths on widths.monitor = {{ ml_monitor.literal(spec.name) }} and widths.feature = cells.feature
    ),

    summed_bins as (
        select cell, bin, sum(window_n) as window_n, sum(reference_n) as reference_n from all_bins group by cell, bin
    ),

    sized_cells as (
        select *,
            {%- for side in ['window', 'reference'] %}
            sum({{ side }}_n) over (partition by cell) as {{ side }}_size_with_missing,
            sum(case when {{ is_value }} then {{ side }}_n else 0 end) over (partition by cell) as {{ side }}_size,
            sum(case when {{ is_value }} and bin <> {{ codes.unseen }} then {{ side }}_n else 0 end) over (partition by cell) as {{ side }}_size_without_unseen,
            sum(case when bin > 0 then {{ side }}_n else 0 end) {{ by_bin }} as {{ side }}_below,
            {%- endfor %}
            sum(case when bin = {{ codes.unseen }} then window_n + reference_n else 0 end) over (partition by cell) as n_unseen
        from summed_bins
    ),

    compared_bins as (
        select {{ identity }}, cells.feature_type, cells.smoothing_floor, cells.n_not_values, widths.width, bins.bin,
            {%- for side in ['window', 'reference'] %}
            bins.{{ side }}_n, bins.{{ side }}_below, bins.{{ side }}_size, bins.{{ side }}_size_with_missing, bins.{{ side }}_size_without_unseen,
            {%- endfor %}
            cells.n_declared + case when bins.n_unseen > 0 then 1 else 0 end as n_bins,
            cells.n_declared as n_bins_without_unseen
        from sized_cells as bins
        inner join cells on cells.cell = bins.cell
        left join bin_widths as widths on widths.monitor = {{ ml_monitor.literal(spec.name) }} and widths.feature = cells.feature and widths.bin = bins.bin
        where bins.window_size_with_missing > 0 and (bins.window_n + bins.reference_n > 0 or (cells.feature_type = 'numeric' and bins.bin > 0))
    ),

    moment_sums as (
        select {{ identity }},
            {%- for sum in ['n_valid', 'value_sum', 'value_sum_squares'] %}
            counts.{{ sum }}, baselines.{{ sum }} as base_{{ sum }}{{ ',' if not loop.last }}
            {%- endfor %}
        from cells
        inner join counts on {{ same_count }} and counts.bin = {{ codes.total }}
        inner join baselines on {{ same_base }} and baselines.bin = {{ codes.total }}
        where cells.feature_type = 'numeric'
    )
{% endmacro %}
