{#- How well a classifier of many classes ranks: every class against all others, by its own probability. -#}

{% macro class_score_rows(spec) %}
    {#- Rows of the kind `class_score`, one per class of each labelled prediction: its probability, and whether it happened. They count no prediction. -#}
    {%- if spec.task == 'multiclass' and spec.scores %}
        select window_start, model_version, {% for segment in spec.segments %}segment_{{ loop.index }}, {% endfor %}label_age, 'class_score',
            {%- set own = {'score': ml_monitor.rounded_score('class_score', spec.score_decimals), 'predicted_class': 'class', 'actual_class': 'case when label = class then class end'} %}
            {%- for column in ml_monitor.outcome_row(spec) %} {{ own.get(column, 'null') }},{% endfor %} 0, 0, null
        from (
            select matched.*,
                case places.place {% for name in spec.scores %}when {{ loop.index }} then score_{{ loop.index }} {% endfor %}end as class_score,
                case places.place {% for name in spec.scores %}when {{ loop.index }} then {{ ml_monitor.literal(name) }} {% endfor %}end as class
            from matched
            cross join ({{ ml_monitor.places(1, spec.scores | length) }}) as places
        ) as of_class
        where label is not null and class_score is not null
        union all
    {%- endif %}
{% endmacro %}


{% macro class_placements() %}
    {#- CTEs up to `class_placements`: of each class, every score with the rows of the class and of all others that lie below it. -#}
    {%- set double = ml_monitor.type_double() -%}
    class_profiles as {{ ml_monitor.inline_cte() }} (
        select profile.*
        from {{ ref('ml_monitor__outcome_profiles') }} as profile
        inner join needed_windows
            on needed_windows.monitor = profile.monitor
            and profile.window_number > needed_windows.since_number
        where profile.outcome = 'class_score'
    ),

    window_class_scores as (
        {{ ml_monitor.cell_counts(['predicted_class', 'score'], {
            'positives': 'sum(case when actual_class is not null then n_scored else 0 end)',
            'negatives': 'sum(case when actual_class is null then n_scored else 0 end)',
        }, source='class_profiles') }}
    ),

    span_class_scores as (
        {{ ml_monitor.ranked_sums('window_class_scores', ['predicted_class', 'score'], ['positives', 'negatives']) }}
    ),

    class_placements as (
        select cell, window_number, span, predicted_class as class, score, cast(positives as {{ double }}) as positives, cast(negatives as {{ double }}) as negatives,
            sum(positives) over (partition by cell, window_number, span, predicted_class) as all_positives,
            sum(negatives) over (partition by cell, window_number, span, predicted_class) as all_negatives,
            {%- for side in ['positives', 'negatives'] %}
            sum({{ side }}) over (partition by cell, window_number, span, predicted_class order by score rows between unbounded preceding and current row) - {{ side }} / 2e0 as {{ side }}_below{{ ',' if not loop.last }}
            {%- endfor %}
        from span_class_scores
    )
{%- endmacro %}


{% macro class_ranks() %}
    {#- CTEs up to `class_ranks`: ROC AUC with DeLong's error, Gini, average precision and KS of each class against all others, with errors as for two classes. -#}
    {%- set group = 'cell, window_number, span, class' -%}
    {%- set double = ml_monitor.type_double() -%}
    {%- set positives_above, negatives_above = '(all_positives - positives_below + positives / 2)', '(all_negatives - negatives_below + negatives / 2)' -%}
    class_areas as (
        select {{ group }}, cast(max(all_positives) as {{ double }}) as all_positives, cast(max(all_negatives) as {{ double }}) as all_negatives,
            sum(positives * negatives_below) / nullif(max(all_positives) * max(all_negatives), 0) as roc_auc,
            sum(positives * negatives_below * negatives_below) as sum_squared_positive_placements,
            sum(negatives * (all_positives - positives_below) * (all_positives - positives_below)) as sum_squared_negative_placements,
            sum(case when positives > 0 then positives * {{ positives_above }} / ({{ positives_above }} + {{ negatives_above }}) else 0 end) / nullif(max(all_positives), 0) as average_precision,
            max(abs({{ positives_above }} / nullif(all_positives, 0) - {{ negatives_above }} / nullif(all_negatives, 0))) as ks_separation
        from class_placements
        group by {{ group }}
    ),

    class_ranks as (
        select class_areas.*,
            {{ ml_monitor.delong_error() }} as roc_auc_error,
            2 * roc_auc - 1 as gini,
            2 * {{ ml_monitor.delong_error() }} as gini_error,
            sqrt({{ ml_monitor.non_negative('(average_precision * (1 - average_precision))') }} / nullif(all_positives, 0)) as average_precision_error,
            {{ ml_monitor.ks_error() }} as ks_separation_error
        from class_areas
    )
{%- endmacro %}


{% macro class_rank_averages() %}
    {#- Means over the classes that have labels and rows of other classes. The error of a mean is at most the mean of the errors: classes are not independent. -#}
    class_rank_averages as (
        select cell, window_number, span
            {%- for average, metric in ml_monitor.rank_averages().items() %}
            {%- set weight = 'all_positives' if average.startswith('weighted') else '1e0' %}
            {%- for error in ['', '_error'] %},
            sum({{ weight }} * {{ metric }}{{ error }}) / sum({{ weight }}) as {{ average }}{{ error }}
            {%- endfor %}
            {%- endfor %}
        from class_ranks
        where roc_auc is not null
        group by cell, window_number, span
    )
{%- endmacro %}


{% macro rank_averages() %}
    {#- Name to the metric of a class. -#}
    {%- set averages = {} -%}
    {%- for metric in ['roc_auc', 'gini', 'average_precision', 'ks_separation'] -%}
        {%- do averages.update({'macro_' ~ metric: metric, 'weighted_' ~ metric: metric}) -%}
    {%- endfor -%}
    {{ return(averages) }}
{% endmacro %}
