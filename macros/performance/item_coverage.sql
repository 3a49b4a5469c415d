{% macro item_coverage() %}
    {#- Which of the items that could be shown were among the first k of some query: `item_coverage`. -#}
    window_items as (
        {{ ml_monitor.cell_counts(['item'], {'n_exposed': 'sum(n_exposed)'}, 'item is not null') }}
    ),

    span_items as (
        {{ ml_monitor.ranked_sums('window_items', ['item'], ['n_exposed']) }}
    ),

    item_coverage as (
        select cell, window_number, span, count(*) as n_items, sum(case when n_exposed > 0 then 1 else 0 end) as n_exposed_items
        from span_items
        group by cell, window_number, span
    )
{% endmacro %}
