{% macro _ranking_estimates() %}
    {#- Means over queries with a label. -#}
    {{ return([
        ml_monitor._mean('ndcg', 'sum_ndcg', 'sum_squared_ndcg', 'n_labelled_queries'),
        ml_monitor._mean('mrr', 'sum_mrr', 'sum_squared_mrr', 'n_labelled_queries'),
        ml_monitor._mean('map', 'sum_map', 'sum_squared_map', 'n_labelled_queries'),
        ml_monitor._share('hit_rate', 'sum_hit', 'n_labelled_queries'),
        ml_monitor._share('item_coverage', 'n_exposed_items', 'n_items', 'no items are logged'),
    ]) }}
{% endmacro %}
