{% macro monitor_relation(name) %}
    {#- 'a_model' becomes ref(), 'a_source.a_table' becomes source(): real lineage, no hard-coded tables.
        Two-argument ref, because a package model that refers to the user's project must name it. -#}
    {% if '.' in name %}
        {% set parts = name.split('.') %}
        {{ return(source(parts[0], parts[1])) }}
    {% endif %}
    {{ return(ref(project_name, name)) }}
{% endmacro %}
