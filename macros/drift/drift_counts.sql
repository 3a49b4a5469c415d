{% macro drift_counts(pooled_only=false) %}
    {#- Every CTE that comparisons read, from `declared_bins` to `stretched_cells`. -#}
    {{- adapter.dispatch('drift_counts', 'ml_monitor')(pooled_only) -}}
{% endmacro %}


{% macro default__drift_counts(pooled_only) %}
{{ ml_monitor.declared_bins() }},

{{ ml_monitor.drift_profiles(pooled_only) }},

{{ ml_monitor.drift_cells(pooled_only) }},

{{ ml_monitor.cell_counts(pooled_only) }},

{{ ml_monitor.drift_axis() }},

{{ ml_monitor.stretch_counts() }},

{{ ml_monitor.stretch_sizes() }}
{%- endmacro %}
