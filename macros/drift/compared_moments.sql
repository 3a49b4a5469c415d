{% macro compared_moments() %}
    {#- Mean and standard deviation of the window beside those of the baseline, from sums centred on the reference's mean. -#}
    {%- set sums = ['n_valid', 'value_sum', 'value_sum_squares'] -%}
    moment_windows as (
        select cells.cell, axis.window_number,
            {%- for sum in sums %}
            coalesce(cell_counts.{{ sum }}, 0) as window_{{ sum }},
            case when axis.is_excluded then 0 else coalesce(pooled_counts.{{ sum }}, 0) end as pooled_{{ sum }}{{ ',' if not loop.last }}
            {%- endfor %}
        from cells
        inner join axis on axis.monitor = cells.monitor
        left join cell_counts
            on cell_counts.cell = cells.cell
            and cell_counts.bin = {{ ml_monitor.bin_codes().total }}
            and cell_counts.window_number = axis.window_number
        left join cell_counts as pooled_counts
            on pooled_counts.cell = cells.pooled_cell
            and pooled_counts.bin = {{ ml_monitor.bin_codes().total }}
            and pooled_counts.window_number = axis.window_number
        where cells.feature_type = 'numeric'
    ),

    stretched_moments as (
        select cell, window_number
            {%- for from, to in ml_monitor.stretches() %}{% for sum in sums %},
            coalesce(sum({{ 'pooled' if to else 'window' }}_{{ sum }}) over ({{ ml_monitor.stretch_frame('cell', from, to) }}), 0) as {{ sum }}_{{ from }}_{{ to }}
            {%- endfor %}{% endfor %}
        from moment_windows
    ),

    moment_sums as (
        {%- for comparison in ml_monitor.comparisons() %}
            {%- set back = comparison.stretches %}
        select cells.cell, cells.window_number, {{ comparison.span }} as span, '{{ comparison.baseline }}' as baseline,
            {%- for sum in sums %}
            {{ ml_monitor.stretch_sum('moments.' ~ sum, [[comparison.span - 1, 0]]) }} as {{ sum }},
            {{ ml_monitor.stretch_sum('moments.' ~ sum, back) if back else 'base.' ~ sum }} as base_{{ sum }}{{ ',' if not loop.last }}
            {%- endfor %}
        from stale_cells as cells
        inner join stretched_moments as moments on moments.cell = cells.cell and moments.window_number = cells.window_number
            {%- if not back %}
        inner join declared_bins as base
            on base.monitor = cells.monitor
            and base.model_version = cells.reference_version
            and base.segment = cells.segment
            and base.segment_value = cells.segment_value
            and base.feature = cells.feature
            and base.bin = {{ ml_monitor.bin_codes().total }}
            {%- endif %}
        where {{ ml_monitor.of_monitors('cells.monitor', comparison.monitors) }}{{ " and cells.is_whole = 1" if comparison.baseline == 'trailing' }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    {{ ml_monitor.moment_changes() }}
{% endmacro %}


{% macro moment_changes() %}
    {#- From `moment_sums`: how far the mean and the spread have moved. -#}
    moments as (
        select cell, window_number, span, baseline,
            value_sum / nullif(n_valid, 0) - base_value_sum / nullif(base_n_valid, 0) as mean_difference,
            {{ ml_monitor.sample_variance('value_sum', 'value_sum_squares', 'n_valid') }} as variance,
            {{ ml_monitor.sample_variance('base_value_sum', 'base_value_sum_squares', 'base_n_valid') }} as base_variance
        from moment_sums
    ),

    compared_moments as (
        select cell, window_number, span, baseline,
            mean_difference / nullif(sqrt(base_variance), 0) as mean_shift,
            sqrt(variance) / nullif(sqrt(base_variance), 0) - 1 as std_change
        from moments
    )
{% endmacro %}


{% macro of_monitors(column, names) %}
    {{- column }} in ({% for name in names %}{{ ml_monitor.literal(name) }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
