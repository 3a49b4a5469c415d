{% macro tall_counts(spec, wide, rows, bins, keys) %}
    {#- One row per key, segment, feature and bin, empty bins left out. -#}
    {%- set columns = keys + ['segment', 'segment_value', 'feature', 'bin', 'category', 'n'] %}
    select
        {{ columns | join(', ') }}, value_sum, value_sum_squares, value_min, value_max, n_below, n_above, n_valid, n_out_of_bounds
    from (
        {{ ml_monitor.numeric_bin_counts(spec, wide, bins, keys) }}
    ) as numeric_counts
    where n > 0
    {%- if spec.variables | selectattr('type', 'equalto', 'categorical') | list %}
    union all
    select
        {{ columns | join(', ') }}, null, null, null, null, null, null, null, null
    from (
        {{ ml_monitor.category_bin_counts('(' ~ ml_monitor.category_counts(spec, rows, keys) ~ ')', bins, keys, spec.privacy.minimum_cell) }}
    ) as categorical_counts
    {%- endif %}
{% endmacro %}
