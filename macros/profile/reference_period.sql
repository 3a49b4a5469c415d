{% macro reference_period(spec, log) %}
    {#- Which rows make the reference. A period counts only once it is over: its edges are frozen for good. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.relation is defined -%}
    1 = 1
    {%- elif reference.from is not defined -%}
    {#- Edges come from the first windows of the log; what is compared with is summed from the profile. -#}
    {%- set first = '(select ' ~ ml_monitor.window_start_of('first_row.predicted_at', spec.window, spec.timezone) ~ ' from (select min(predicted_at) as predicted_at from ' ~ log ~ ') as first_row)' -%}
    {%- set end = ml_monitor.add_windows(ml_monitor.edge_windows(spec), first, spec.window, spec.timezone) -%}
    predicted_at < {{ end }} and {{ ml_monitor.monitoring_now() }} >= {{ ml_monitor.complete_at(spec, end) }}
    {%- else -%}
    predicted_at >= cast('{{ reference.from }}' as timestamp) and predicted_at < cast('{{ reference.to }}' as timestamp)
            and {{ ml_monitor.monitoring_now() }} >= {{ ml_monitor.complete_at(spec, "cast('" ~ reference.to ~ "' as timestamp)") }}
    {%- endif -%}
{% endmacro %}


{% macro complete_at(spec, end) %}
    {#- When the rows up to `end` are all there: labels only after their delay. -#}
    {{- return(ml_monitor.add_windows(spec.complete_after, end, spec.window, spec.timezone) if spec.complete_after else end) -}}
{% endmacro %}


{% macro edge_windows(spec) %}
    {#- How many first windows freeze the edges of a moving reference. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.first is defined -%}{{ return(reference.first) }}{%- endif -%}
    {%- if reference.trailing is defined -%}{{ return(reference.trailing) }}{%- endif -%}
    {%- if reference.previous is defined -%}{{ return([reference.previous, spec.trailing_baseline] | max) }}{%- endif -%}
    {{ return((reference.same_weekday or reference.same_hour) * ml_monitor.season_length(spec)) }}
{% endmacro %}
