{% macro is_output(feature) %}
    {#- Condition: the name of what a model says, or of what happened, and not of a feature. -#}
    substr({{ feature }}, 1, 9) = '__score__' or {{ feature }} in ('__prediction__', '__label__')
{%- endmacro %}


{% macro _output_names(spec) %}
    {#- The same names, of one monitor. -#}
    {% set names = ['__score__', '__prediction__', '__label__'] %}
    {% for class in spec.scores %}{% do names.append('__score__:' ~ class) %}{% endfor %}
    {{ return(names) }}
{% endmacro %}
