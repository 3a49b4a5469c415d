{% macro quality_reference() %}
    {#- What the frozen reference holds. A moving reference too: what a column may look like is declared by the rows that froze the bins. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set cell = 'bins.monitor, bins.segment, bins.segment_value, bins.feature' -%}
    reference_sizes as (
        select {{ cell }},
            sum(case when bins.bin = {{ codes.total }} then bins.n else 0 end) as n_rows,
            sum(case when bins.bin = {{ codes.missing }} then bins.n else 0 end) as n_missing
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join monitors on monitors.monitor = bins.monitor and monitors.edge_set_id = bins.edge_set_id
        group by {{ cell }}
    ),

    reference_categories as (
        select {{ cell }}, bins.category, bins.n, cast(bins.n as {{ ml_monitor.type_double() }}) / (sizes.n_rows - sizes.n_missing) as share
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join monitors on monitors.monitor = bins.monitor and monitors.edge_set_id = bins.edge_set_id
        inner join reference_sizes as sizes
            on sizes.monitor = bins.monitor
            and sizes.segment = bins.segment
            and sizes.segment_value = bins.segment_value
            and sizes.feature = bins.feature
        where bins.category is not null and bins.n > 0
    )
{% endmacro %}


{% macro same_cell(left, right, version=true, span=false) %}
    {#- Join condition: the same monitor, segment and feature. -#}
    {%- for key in ['monitor', 'segment', 'segment_value', 'feature'] + (['model_version'] if version else []) + (['span'] if span else []) -%}
    {{ left }}.{{ key }} = {{ right }}.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}
