{% macro rank_statistics() %}
    {#- ROC AUC as the Mann-Whitney statistic from counts per score, ties counted half, with DeLong's standard error
        (DeLong, DeLong and Clarke-Pearson 1988): placements of positives among negatives and the reverse. -#}
    {%- set group = 'cell, window_number, span' -%}
    score_counts as (
        select {{ group }}, score, cast(positives as {{ ml_monitor.type_double() }}) as positives, cast(negatives as {{ ml_monitor.type_double() }}) as negatives
        from span_scores
    ),

    class_counts as (
        select {{ group }}, sum(positives) as all_positives, sum(negatives) as all_negatives
        from score_counts
        group by {{ group }}
    ),

    placements as (
        select cell, window_number, span, positives, negatives,
            sum(negatives) over (partition by {{ group }} order by score rows between unbounded preceding and current row) - negatives / 2 as negatives_below,
            sum(positives) over (partition by {{ group }} order by score rows between unbounded preceding and current row) - positives / 2 as positives_below
        from score_counts
    ),

    areas as (
        select placements.cell, placements.window_number, placements.span, all_positives, all_negatives,
            sum(positives * negatives_below) / (all_positives * all_negatives) as roc_auc,
            sum(positives * power(negatives_below / all_negatives, 2)) as sum_squared_positive_placements,
            sum(negatives * power((all_positives - positives_below) / all_positives, 2)) as sum_squared_negative_placements
        from placements
        inner join class_counts
            on class_counts.cell = placements.cell
            and class_counts.window_number = placements.window_number
            and class_counts.span = placements.span
        where all_positives > 0 and all_negatives > 0
        group by placements.cell, placements.window_number, placements.span, all_positives, all_negatives
    ),

    rank_statistics as (
        select {{ group }}, roc_auc,
            case when all_positives > 1 and all_negatives > 1 then
                sqrt(
                    {{ ml_monitor.non_negative('(sum_squared_positive_placements - all_positives * roc_auc * roc_auc)') }} / (all_positives - 1) / all_positives
                    + {{ ml_monitor.non_negative('(sum_squared_negative_placements - all_negatives * roc_auc * roc_auc)') }} / (all_negatives - 1) / all_negatives
                )
            end as roc_auc_error
        from areas
    )
{% endmacro %}
