{% macro declared_tasks() %}
    {#- The tasks of the declared monitors: SQL that no monitor needs is not written. -#}
    {% set tasks = [] %}
    {% for name, declared in var('ml_monitor__monitors', {}).items() %}
        {% do tasks.append(declared.get('task', 'binary')) %}
    {% endfor %}
    {{ return(tasks | unique | list) }}
{% endmacro %}
