{% macro query_scores(spec) %}
    {#- Rankings by query, then their values on the top row of each: NDCG with gains 2^relevance - 1 (Burges et al. 2005), reciprocal
        rank, average precision and hit, all at `k`. In a query with labels an item without one is not relevant. NDCG gives equal scores
        their mean discount (McSherry and Najork 2008), as scikit-learn does; the others need an order: prediction id breaks ties. -#}
    {%- set query = 'window_start, model_version, query_id' -%}
    positions as (
        select matched.*,
            case when label > 0 then label else 0 end as relevance,
            row_number() over (partition by {{ query }} order by case when score is null then 1 else 0 end, score desc, prediction_id) as position,
            row_number() over (partition by {{ query }} order by case when label is null then 1 else 0 end, label desc) as ideal_position
        from matched
    ),

    gains as (
        select positions.*,
            power(2e0, relevance) - 1 as gain,
            case when position <= {{ spec.k }} then ln(2e0) / ln(1e0 + position) else 0 end as discount,
            case when ideal_position <= {{ spec.k }} then ln(2e0) / ln(1e0 + ideal_position) else 0 end as ideal_discount,
            sum(case when relevance > 0 then 1 else 0 end) over (partition by {{ query }} order by position rows between unbounded preceding and current row) as n_found
        from positions
    ),

    tied_gains as (
        select gains.*, avg(discount) over (partition by {{ query }}, score) as tied_discount from gains
    ),

    queries as (
        select {{ query }},
            count(label) as n_labels,
            max(n_found) as n_relevant,
            sum(gain * tied_discount) as dcg,
            sum(gain * ideal_discount) as ideal_dcg,
            min(case when relevance > 0 and position <= {{ spec.k }} then position end) as first_hit,
            sum(case when relevance > 0 and position <= {{ spec.k }} then 1e0 * n_found / position else 0 end) as sum_precision
        from tied_gains
        group by {{ query }}
    ),

    {{ ml_monitor.scored_positions(spec) }}
{% endmacro %}


{% macro scored_positions(spec) %}
    query_scores as (
        select positions.*,
            case when positions.position = 1 then 1 else 0 end as is_top,
            case when positions.position <= {{ spec.k }} then 1 else 0 end as is_exposed,
            case when queries.ideal_dcg > 0 then queries.dcg / queries.ideal_dcg when queries.ideal_dcg = 0 then 0 end as ndcg,
            case when queries.n_labels > 0 then coalesce(1e0 / queries.first_hit, 0) end as mrr,
            case
                when queries.n_relevant > {{ spec.k }} then queries.sum_precision / {{ spec.k }}
                when queries.n_relevant > 0 then queries.sum_precision / queries.n_relevant
                when queries.n_labels > 0 then 0
            end as map,
            case when queries.first_hit is not null then 1 when queries.n_labels > 0 then 0 end as hit
        from positions
        left join queries
            on positions.position = 1
            and queries.n_labels > 0
            and queries.window_start = positions.window_start
            and queries.model_version = positions.model_version
            and queries.query_id = positions.query_id
    )
{%- endmacro %}
