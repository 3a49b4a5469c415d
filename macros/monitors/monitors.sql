{% macro monitor_names() %}
    {#- Names of the declared monitors, in the order of the configuration. -#}
    {{ return(var('ml_monitor__monitors', {}).keys() | list) }}
{% endmacro %}


{% macro monitors() %}
    {#- Every resolved monitor, as a list. -#}
    {% set resolved = [] %}
    {% for name in ml_monitor.monitor_names() %}
        {% do resolved.append(ml_monitor.monitor(name)) %}
    {% endfor %}
    {{ return(resolved) }}
{% endmacro %}


{% macro any_monitors() %}
    {#- With no monitor declared the package installs and builds nothing. -#}
    {{ return(ml_monitor.monitor_names() | length > 0) }}
{% endmacro %}


{% macro any_declared(key) %}
    {#- Whether a monitor declares `key`: without one what it asks for is left out. -#}
    {{ return(ml_monitor.monitors() | selectattr(key) | list | length > 0) }}
{% endmacro %}
