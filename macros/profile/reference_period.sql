{% macro reference_period(spec, log) %}
    {#- Which rows make the reference. A period counts only once it is over: its edges are frozen for good. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.relation is defined -%}
    1 = 1
    {%- elif reference.trailing is defined -%}
    {#- Edges come from the first windows of the log; the counts compared with are summed from the profile. -#}
    {%- set first = '(select ' ~ ml_monitor.window_start_of('min(predicted_at)', spec.window) ~ ' from ' ~ log ~ ')' -%}
    {%- set end = dbt.dateadd(spec.window, reference.trailing, first) -%}
    predicted_at < {{ end }} and {{ ml_monitor.monitoring_now() }} >= {{ end }}
    {%- else -%}
    predicted_at >= cast('{{ reference.from }}' as timestamp) and predicted_at < cast('{{ reference.to }}' as timestamp)
            and {{ ml_monitor.monitoring_now() }} >= cast('{{ reference.to }}' as timestamp)
    {%- endif -%}
{% endmacro %}
