{% macro union_monitors(kind, columns, where='1 = 1') %}
    {#- All monitors' models of one kind, e.g. every <monitor>__feature_profile, as one relation. -#}
    {% for name in ml_monitor.monitor_names() %}
    select
        {{ columns | join(',\n        ') }}
    from {{ ref(project_name, name ~ '__' ~ kind) }}
    where {{ where }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}
