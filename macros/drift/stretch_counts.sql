{% macro drift_axis() %}
    {#- The windows that the stale windows look back on, those without a row too. -#}
    axis as (
        select windows.monitor, windows.window_number, windows.is_excluded
        from {{ ref('ml_monitor__windows') }} as windows
        inner join needed_windows on needed_windows.monitor = windows.monitor and windows.window_number > needed_windows.since_number
    )
{% endmacro %}


{% macro stretch_counts() %}
    {#- Counts of every bin over every stretch of windows. One dense row per cell, bin and window makes each stretch a window
        frame: a join of each span with its windows would touch every count as often as the span is long.
        `n_<from>_<to>` is the bin's count. Stretches of earlier windows count all versions together: a new version is compared
        with what came before it. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    known_bins as (
        select cell, bin from cell_counts where bin <> {{ codes.total }}
        {{ ml_monitor.union_distinct() }}
        select cells.cell, pooled.bin
        from cells
        inner join cell_counts as pooled on pooled.cell = cells.pooled_cell
        where pooled.bin <> {{ codes.total }}
        {{ ml_monitor.union_distinct() }}
        select cells.cell, bins.bin
        from cells
        inner join declared_bins as bins
            on bins.monitor = cells.monitor
            and bins.feature = cells.feature
            and (
                (bins.model_version = '__all__' and bins.segment = '__all__' and bins.feature_type = 'numeric' and bins.bin > 0)
                or (bins.model_version = cells.reference_version and bins.segment = cells.segment and bins.segment_value = cells.segment_value and bins.n > 0 and bins.bin <> {{ codes.total }})
            )
    ),

    cell_bins as (
        select known_bins.cell, known_bins.bin, coalesce(reference.n, 0) as reference_n, widths.width,
            sum(case when known_bins.bin > 0 then coalesce(reference.n, 0) else 0 end) over (partition by known_bins.cell order by known_bins.bin rows between unbounded preceding and current row) as reference_below
        from known_bins
        inner join cells on cells.cell = known_bins.cell
        left join declared_bins as reference
            on reference.monitor = cells.monitor
            and reference.model_version = cells.reference_version
            and reference.segment = cells.segment
            and reference.segment_value = cells.segment_value
            and reference.feature = cells.feature
            and reference.bin = known_bins.bin
        left join bin_widths as widths
            on widths.monitor = cells.monitor
            and widths.feature = cells.feature
            and widths.bin = known_bins.bin
    ),

    bin_windows as (
        select cell_bins.cell, cell_bins.bin, cell_bins.reference_n, cell_bins.reference_below, cell_bins.width, axis.window_number,
            coalesce(cell_counts.n, 0) as window_n, case when axis.is_excluded then 0 else coalesce(pooled_counts.n, 0) end as pooled_n
        from cell_bins
        inner join cells on cells.cell = cell_bins.cell
        inner join axis on axis.monitor = cells.monitor
        left join cell_counts
            on cell_counts.cell = cell_bins.cell
            and cell_counts.bin = cell_bins.bin
            and cell_counts.window_number = axis.window_number
        left join cell_counts as pooled_counts
            on pooled_counts.cell = cells.pooled_cell
            and pooled_counts.bin = cell_bins.bin
            and pooled_counts.window_number = axis.window_number
    ),

    stretched_bins as (
        select cell, bin, window_number, reference_n, reference_below, width,
            {%- for from, to in ml_monitor.stretches() %}
            coalesce(sum({{ 'pooled' if to else 'window' }}_n) over ({{ ml_monitor.stretch_frame('cell, bin', from, to) }}), 0) as n_{{ from }}_{{ to }}{{ ',' if not loop.last }}
            {%- endfor %}
        from bin_windows
    )
{% endmacro %}


{% macro stretch_sizes() %}
    {#- What a cell counts over every stretch, and in the reference. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    stretched_cells as (
        select cell as sized_cell, window_number as sized_window,
            {%- for from, to in ml_monitor.stretches() %}
            sum(n_{{ from }}_{{ to }}) as size_{{ from }}_{{ to }}_with_missing,
            sum(case when bin not in ({{ codes.missing }}, {{ codes.invalid }}) then n_{{ from }}_{{ to }} else 0 end) as size_{{ from }}_{{ to }},
            sum(case when bin = {{ codes.unseen }} then n_{{ from }}_{{ to }} else 0 end) as unseen_{{ from }}_{{ to }},
            {%- endfor %}
            sum(reference_n) as reference_size_with_missing,
            sum(case when bin not in ({{ codes.missing }}, {{ codes.invalid }}) then reference_n else 0 end) as reference_size,
            sum(case when bin = {{ codes.unseen }} then reference_n else 0 end) as reference_unseen
        from stretched_bins
        group by cell, window_number
    )
{% endmacro %}


{% macro stretch_frame(partition, from, to) %}
    partition by {{ partition }} order by window_number rows between {{ from }} preceding and {{ to ~ ' preceding' if to else 'current row' }}
{%- endmacro %}


{% macro stretch_sum(column, stretches, suffix='') %}
    {#- A quantity over all stretches of a baseline. -#}
    {%- set terms = [] -%}
    {%- for from, to in stretches -%}{%- do terms.append(column ~ '_' ~ from ~ '_' ~ to ~ suffix) -%}{%- endfor -%}
    {{- return(terms | join(' + ')) -}}
{% endmacro %}
