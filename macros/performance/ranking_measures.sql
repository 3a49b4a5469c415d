{% macro _ranking_measures(spec) %}
    {#- The values of a query stand on its top row and are NULL on the others, so that sums over rows are sums over queries. -#}
    {%- set measures = {
        'n_queries': 'is_top',
        'n_labelled_queries': 'case when ndcg is not null then 1 else 0 end',
        'n_exposed': 'is_exposed',
    } -%}
    {%- for metric in ['ndcg', 'mrr', 'map', 'hit'] -%}
        {%- do measures.update({'sum_' ~ metric: metric, 'sum_squared_' ~ metric: metric ~ ' * ' ~ metric}) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}
