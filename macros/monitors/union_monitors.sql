{% macro union_monitors(kind, columns, names=none, where='1 = 1') %}
    {#- All monitors' models of one kind, e.g. every <monitor>__feature_profile, as one relation; `names`: those of some monitors. -#}
    {% for name in names or ml_monitor.monitor_names() %}
    select
        {{ columns | join(',\n        ') }}
    from {{ ref(project_name, name ~ '__' ~ kind) }}
    where {{ where }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endmacro %}
