{% macro monitored_columns(spec) %}
    {#- Columns of the log from whose values something is computed: that they are lost or of another type is a finding. -#}
    {%- set columns = (spec.variables | map(attribute='column') | list) + (ml_monitor.segment_sources(spec).values() | list) + (ml_monitor.custom_metrics(spec).columns.keys() | list) -%}
    {{ return((columns + ([spec.loaded_at] if spec.loaded_at else [])) | unique | list) }}
{% endmacro %}
