{% macro compared_bins() %}
    {#- Window counts beside baseline counts, per bin, for every stale window, span and baseline. -#}
    stale_cells as (
        select cells.*, stale_windows.window_number, case when cells.cell = cells.pooled_cell and cells.segment = '__all__' then 1 else 0 end as is_whole
        from cells
        inner join stale_windows on stale_windows.monitor = cells.monitor
        {#- a version's own reference is made of windows: only those after it are compared #}
        where cells.reference_until is null or stale_windows.window_number > cells.reference_until
    ),

    stale_bins as (
        select bins.*, sizes.*,
            {%- for from, to in ml_monitor.stretches() %}
            sum(case when bins.bin > 0 then bins.n_{{ from }}_{{ to }} else 0 end)
                over (partition by bins.cell, bins.window_number order by bins.bin rows between unbounded preceding and current row) as below_{{ from }}_{{ to }},
            {%- endfor %}
            cells.monitor, cells.model_version, cells.segment, cells.segment_value, cells.feature, cells.feature_type, cells.smoothing_floor,
            cells.n_declared, cells.n_not_values, cells.is_whole
        from stale_cells as cells
        inner join stretched_bins as bins on bins.cell = cells.cell and bins.window_number = cells.window_number
        inner join stretched_cells as sizes on sizes.sized_cell = cells.cell and sizes.sized_window = cells.window_number
    ),

    compared_bins as (
        {%- for comparison in ml_monitor.comparisons() %}
            {%- set span = [[comparison.span - 1, 0]] %}
            {%- set back = comparison.stretches %}
            {%- set quantity = ml_monitor.stretch_sum %}
            {%- set window_n = quantity('n', span) %}
            {%- set reference_n = quantity('n', back) if back else 'reference_n' %}
        select
            cell, window_number, monitor, model_version, segment, segment_value, feature, feature_type, smoothing_floor, n_not_values,
            {{ comparison.span }} as span,
            '{{ comparison.baseline }}' as baseline,
            bin,
            width,
            {{ window_n }} as window_n,
            {{ quantity('below', span) }} as window_below,
            {{ quantity('size', span) }} as window_size,
            {{ quantity('size', span, '_with_missing') }} as window_size_with_missing,
            {{ reference_n }} as reference_n,
            {{ quantity('below', back) if back else 'reference_below' }} as reference_below,
            {{ quantity('size', back) if back else 'reference_size' }} as reference_size,
            {{ quantity('size', back, '_with_missing') if back else 'reference_size_with_missing' }} as reference_size_with_missing,
            {{ quantity('size', span) }} - ({{ quantity('unseen', span) }}) as window_size_without_unseen,
            {{ quantity('size', back) if back else 'reference_size' }} - ({{ quantity('unseen', back) if back else 'reference_unseen' }}) as reference_size_without_unseen,
            n_declared + case when {{ quantity('unseen', span + back) }} > 0 then 1 else 0 end as n_bins,
            n_declared as n_bins_without_unseen
        from stale_bins
        where {{ ml_monitor.of_monitors('monitor', comparison.monitors) }}
            and {{ quantity('size', span, '_with_missing') }} > 0
            and ({{ window_n }} + {{ reference_n }} > 0 or (feature_type = 'numeric' and bin > 0))
            {%- if comparison.baseline == 'trailing' %}
            {#- beside a fixed reference it only tells slow drift from sudden: for the whole population that is enough #}
            and is_whole = 1
            {%- endif %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{% endmacro %}
