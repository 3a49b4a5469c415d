{% macro outcome_value(column, spec) %}
    {#- A logged label or prediction as the task reads it: 1 or 0, a class, or a finite number; NULL for what it cannot be. -#}
    {%- if spec.task == 'binary' -%}
    {{ ml_monitor.binary_class(column, spec.positive) }}
    {%- elif spec.task == 'multiclass' -%}
    cast({{ column }} as {{ dbt.type_string() }})
    {%- elif spec.task == 'ranking' -%}
    {#- Gains are powers of two: beyond a thousand they are no numbers. -#}
    {%- set relevance = ml_monitor.finite(ml_monitor.to_number(column)) -%}
    case when ({{ relevance }}) >= 0 and ({{ relevance }}) <= 1000 then ({{ relevance }}) end
    {%- else -%}
    {{ ml_monitor.finite(ml_monitor.to_number(column)) }}
    {%- endif -%}
{% endmacro %}


{% macro binary_class(column, positive) %}
    {#- With `positive`, what is not positive is negative. Without it both sides must be known words: "churned" is neither, and guessing
        that it is negative would hide every positive. Word by word and not `in`, which DuckDB joins with all rows, also where nobody asks for the class. -#}
    {%- set text = 'lower(cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ '))' -%}
    case {{ text }}
    {%- if positive is none %}
        {%- for yes, no in [('1', '0'), ('1.0', '0.0'), ('true', 'false'), ('t', 'f'), ('yes', 'no'), ('y', 'n')] %}
        when '{{ yes }}' then 1e0 when '{{ no }}' then 0e0
        {%- endfor %}
    {%- else %}
        {%- for word in ml_monitor.positive_words(positive) %}
        when {{ word }} then 1e0
        {%- endfor %}
        else case when {{ column }} is not null then 0e0 end
    {%- endif %}
    end
{%- endmacro %}


{% macro positive_words(positive) %}
    {#- Compared as text in lower case; a whole number also as the decimal that a nullable column makes of it. -#}
    {%- set words = [] -%}
    {%- for value in ([positive] if positive is string or positive is not iterable else positive) -%}
        {%- for word in [value | string] + ([value ~ '.0'] if value is integer and value is not boolean else []) -%}
            {%- do words.append('lower(' ~ ml_monitor.literal(word) ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(words) }}
{% endmacro %}
