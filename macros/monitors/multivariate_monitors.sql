{% macro multivariate_monitors() %}
    {#- The monitors with the option `multivariate`. -#}
    {{ return(ml_monitor.monitors() | selectattr('multivariate') | list) }}
{% endmacro %}


{% macro any_multivariate() %}
    {#- Without such a monitor the tables of multivariate drift are not built. -#}
    {{ return(ml_monitor.multivariate_monitors() | length > 0) }}
{% endmacro %}


{% macro most_multivariate_features() %}
    {%- set sizes = [1] -%}
    {%- for spec in ml_monitor.multivariate_monitors() -%}{%- do sizes.append(spec.multivariate | length) -%}{%- endfor -%}
    {{ return(sizes | max) }}
{% endmacro %}
