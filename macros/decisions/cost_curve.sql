{% macro cost_curve() %}
    {#- CTE `cost_curve`: a running sum from the highest score down gives the expected counts of every cut-off at once. The last row of each
        version, without a cut-off, predicts no positive at all. -#}
    {%- set version = 'population, monitor, model_version' -%}
    {%- set cost = '(tp * cost_tp + (selected - tp) * cost_fp + (all_positives - tp) * cost_fn + (all_n - selected - all_positives + tp) * cost_tn) / all_n' -%}
    cut_offs as (
        select {{ version }}, score as cut_off,
            sum(n) over (partition by {{ version }} order by score desc rows between unbounded preceding and current row) as selected,
            sum(n * value) over (partition by {{ version }} order by score desc rows between unbounded preceding and current row) as tp,
            sum(n) over (partition by {{ version }}) as all_n,
            sum(n * value) over (partition by {{ version }}) as all_positives
        from score_values
        union all
        select {{ version }}, null, 0, 0, sum(n), sum(n * value)
        from score_values
        group by {{ version }}
    ),

    priced as (
        select cut_offs.*, {{ cost }} as expected_cost
        from cut_offs
        inner join costs on costs.monitor = cut_offs.monitor
    ),

    cost_curve as (
        select {{ version }}, cut_off, selected / all_n as selection_rate, tp / nullif(all_positives, 0) as expected_recall, tp / nullif(selected, 0) as expected_precision,
            expected_cost, cast(all_n as bigint) as sample_size,
            row_number() over (partition by {{ version }} order by expected_cost, cut_off) = 1 as is_recommended
        from priced
    )
{%- endmacro %}
