{% macro reference_period(spec, log) %}
    {#- Which rows make the reference. A period counts only once it is over: its edges are frozen for good. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.relation is defined -%}
    1 = 1
    {%- elif reference.from is not defined -%}
    {#- Edges come from the first windows of the log; what is compared with is summed from the profile. -#}
    {%- set first = '(select ' ~ ml_monitor.window_start_of('min(predicted_at)', spec.window) ~ ' from ' ~ log ~ ')' -%}
    {%- set end = ml_monitor.add_units(spec.window, ml_monitor.edge_windows(spec), first) -%}
    predicted_at < {{ end }} and {{ ml_monitor.monitoring_now() }} >= {{ end }}
    {%- else -%}
    predicted_at >= cast('{{ reference.from }}' as timestamp) and predicted_at < cast('{{ reference.to }}' as timestamp)
            and {{ ml_monitor.monitoring_now() }} >= cast('{{ reference.to }}' as timestamp)
    {%- endif -%}
{% endmacro %}


{% macro edge_windows(spec) %}
    {#- How many first windows freeze the edges of a moving reference. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.trailing is defined -%}{{ return(reference.trailing) }}{%- endif -%}
    {%- if reference.previous is defined -%}{{ return([reference.previous, spec.trailing_baseline] | max) }}{%- endif -%}
    {{ return((reference.same_weekday or reference.same_hour) * ml_monitor.season_length(spec)) }}
{% endmacro %}
