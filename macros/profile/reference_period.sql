{% macro reference_period(spec, log) %}
    {#- Which rows make the reference. A period counts only once it is over: its edges are frozen for good. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.relation is defined -%}
    1 = 1
    {%- elif reference.from is not defined -%}
    predicted_at < {{ ml_monitor.end_of_first_windows(spec, log) }}
    {%- else -%}
    predicted_at >= cast('{{ reference.from }}' as timestamp) and predicted_at < cast('{{ reference.to }}' as timestamp)
            and {{ ml_monitor.monitoring_now() }} >= {{ ml_monitor.complete_at(spec, "cast('" ~ reference.to ~ "' as timestamp)") }}
    {%- endif -%}
{% endmacro %}


{% macro end_of_first_windows(spec, log) %}
    {#- Where the edges of a moving reference end, and NULL until that is over; what is compared with is summed from the profile.
        One step a relation: an expression on windows names its moment several times. -#}
    (
                select case when {{ ml_monitor.monitoring_now() }} >= {{ ml_monitor.complete_at(spec, 'edges.ends_at') }} then edges.ends_at end
                from (
                    select {{ ml_monitor.add_windows(ml_monitor.edge_windows(spec), 'first_window.starts_at', spec.window, spec.timezone) }} as ends_at
                    from (
                        select {{ ml_monitor.window_start_of('first_row.predicted_at', spec.window, spec.timezone) }} as starts_at
                        from (select min(predicted_at) as predicted_at from {{ log }}) as first_row
                    ) as first_window
                ) as edges
            )
{%- endmacro %}


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
