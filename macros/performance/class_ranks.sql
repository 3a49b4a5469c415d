{#- How well a classifier of many classes ranks: every class against all others, by its own probability. -#}

{% macro class_score_rows(spec) %}
    {#- Rows of the kind `class_score`, one per class of each labelled prediction: its probability, whether it was predicted, and whether it happened;
        `unlabelled_class_score` without the last, where labels will come. They count no prediction. -#}
    {%- if spec.task == 'multiclass' and spec.scores %}
        select window_start, model_version, {% for segment in spec.segments %}segment_{{ loop.index }}, {% endfor %}label_age,
            case when label is not null then 'class_score' else 'unlabelled_class_score' end,
            {%- set own = {
                'score': ml_monitor.rounded_score('class_score', spec.score_decimals), 'prediction': 'case when prediction = class then 1e0 else 0e0 end',
                'predicted_class': 'class', 'actual_class': 'case when label = class then class end', 'exact_score': 'class_score',
            } %}
            {%- for column in ml_monitor.outcome_row(spec) %} {{ own.get(column, 'null') }},{% endfor %} 0, 0, null
        from (
            select matched.*,
                case places.place {% for name in spec.scores %}when {{ loop.index }} then score_{{ loop.index }} {% endfor %}end as class_score,
                case places.place {% for name in spec.scores %}when {{ loop.index }} then {{ ml_monitor.literal(name) }} {% endfor %}end as class
            from matched
            cross join ({{ ml_monitor.places(1, spec.scores | length) }}) as places
        ) as of_class
        where class_score is not null {{ 'and label is not null' if not spec.feedback }}
        union all
    {%- endif %}
{% endmacro %}


{% macro class_score_counts() %}
    {#- CTEs up to `class_score_counts`: of each class, how often every score was given to rows of the class and of all others, and its losses; of all classes
        pooled (`__all__`) too. -#}
    {%- set sums = ['positives', 'negatives', 'log_loss', 'squared_log_loss'] -%}
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
            'log_loss': 'sum(case when actual_class is not null then sum_log_loss else sum_other_log_loss end)',
            'squared_log_loss': 'sum(case when actual_class is not null then sum_squared_log_loss else sum_squared_other_log_loss end)',
        }, source='class_profiles') }}
    ),

    span_class_scores as (
        {{ ml_monitor.ranked_sums('window_class_scores', ['predicted_class', 'score'], sums) }}
    ),

    class_score_counts as (
        select cell, window_number, span, predicted_class as class, score, score * (positives + negatives) as sum_score
            {%- for column in sums %}, cast({{ column }} as {{ double }}) as {{ column }}{% endfor %}
        from span_class_scores
        union all
        select cell, window_number, span, '__all__', score, score * sum(positives + negatives)
            {%- for column in sums %}, cast(sum({{ column }}) as {{ double }}){% endfor %}
        from span_class_scores
        group by cell, window_number, span, score
    ),

    class_losses as (
        select cell, window_number, span, class, sum(log_loss) as sum_log_loss, sum(squared_log_loss) as sum_squared_log_loss
        from class_score_counts
        group by cell, window_number, span, class
    )
{%- endmacro %}


{% macro class_ranks() %}
    {#- CTEs up to `class_ranks`: what the scores of two classes give, of each class against all others, every value with its error. -#}
    {%- set non_negative = ml_monitor.non_negative -%}
    {{ ml_monitor.class_score_counts() }},

    {{ ml_monitor.score_placements('class_') }},

    {{ ml_monitor.score_bands('class_') }},

    {{ ml_monitor.band_statistics('class_') }},

    class_rates as (
        select ranked.*, losses.sum_log_loss, losses.sum_squared_log_loss,
            mean_score * n_ranked as sum_score,
            all_positives / n_ranked as rate,
            all_positives / nullif(mean_score * n_ranked, 0) as observed_to_expected
        from class_rank_statistics as ranked
        inner join class_losses as losses
            on losses.cell = ranked.cell and losses.window_number = ranked.window_number and losses.span = ranked.span and losses.class = ranked.class
    ),

    class_ranks as (
        select class_rates.*,
            2 * roc_auc - 1 as gini,
            2 * roc_auc_error as gini_error,
            sqrt({{ non_negative('(average_precision * (1 - average_precision))') }} / nullif(all_positives, 0)) as average_precision_error,
            {{ ml_monitor.ks_error() }} as ks_separation_error,
            captured_positives / nullif(all_positives, 0) / lift_at as lift,
            sqrt({{ non_negative('(captured_positives * (all_positives - captured_positives))') }} / nullif(power(all_positives, 3), 0)) / lift_at as lift_error,
            {{ ml_monitor.observed_to_expected_error('observed_to_expected', 'all_positives', 'nullif(sum_score, 0)', 'sum_positive_score', 'sum_squared_score') }} as observed_to_expected_error,
            sum_log_loss / n_ranked as log_loss,
            {{ ml_monitor.mean_error('sum_log_loss', 'sum_squared_log_loss', 'n_ranked') }} as log_loss_error,
            sum_squared_error / n_ranked as brier,
            {{ ml_monitor.mean_error('sum_squared_error', 'sum_fourth_error', 'n_ranked') }} as brier_error,
            rate * (1 - rate) as uncertainty,
            {{ ml_monitor.uncertainty_error('rate', 'n_ranked') }} as uncertainty_error
        from class_rates
    )
{%- endmacro %}


{% macro class_rank_averages() %}
    {#- Means over the classes that have labels and rows of other classes. The error of a mean, or a sum, is at most that of the errors: classes are not independent. -#}
    class_rank_averages as (
        select cell, window_number, span
            {%- for average, metric in ml_monitor.rank_averages().items() %}
            {%- set weight = 'all_positives' if average.startswith('weighted') else '1e0' %}
            {%- for error in ['', '_error'] %},
            sum({{ weight }} * {{ metric }}{{ error }}) / sum(case when {{ metric }}{{ error }} is not null then {{ weight }} end) as {{ average }}{{ error }}
            {%- endfor %}
            {%- endfor %}
        from class_ranks
        where roc_auc is not null and class <> '__all__'
        group by cell, window_number, span
    ),

    {{ ml_monitor.class_calibration() }}
{%- endmacro %}


{% macro class_calibration() %}
    {#- Murphy's terms add up to the Brier score of all classes; the calibration error is a mean (Kull et al. 2019), as the losses of each class are. Pooled
        rows of one prediction depend on each other: their error is at most the root of their number times that of independent ones. -#}
    class_calibration as (
        select cell, window_number, span, count(*) as n_scored_classes
            {%- for error in ['', '_error'] %}
            {%- for average, metric in ml_monitor.calibration_averages().items() %}
            {%- set weight = 'all_positives' if average.startswith('weighted') else '1e0' %},
            sum({{ weight }} * {{ metric }}{{ error }}) / nullif(sum({{ weight }}), 0) as {{ average }}{{ error }}
            {%- endfor %}
            {%- for term in ['reliability', 'resolution', 'uncertainty'] %},
            sum({{ term }}{{ error }}) as class_{{ term }}{{ error }}
            {%- endfor %}
            {%- endfor %}
        from class_ranks
        where class <> '__all__'
        group by cell, window_number, span
    ),

    pooled_classes as (
        select pooled.cell, pooled.window_number, pooled.span, pooled.all_positives as n_pooled_positives,
            pooled.roc_auc as micro_roc_auc,
            pooled.roc_auc_error * sqrt(classes.n_scored_classes) as micro_roc_auc_error,
            pooled.average_precision as micro_average_precision
        from class_ranks as pooled
        inner join class_calibration as classes
            on classes.cell = pooled.cell and classes.window_number = pooled.window_number and classes.span = pooled.span
        where pooled.class = '__all__'
    )
{%- endmacro %}


{% macro rank_averages() %}
    {#- Name to the metric of a class. -#}
    {{ return(ml_monitor._averages_of({
        'roc_auc': 'roc_auc', 'gini': 'gini', 'average_precision': 'average_precision', 'ks_separation': 'ks_separation', 'lift': 'lift', 'calibration_slope': 'calibration_slope',
    })) }}
{% endmacro %}


{% macro calibration_averages() %}
    {#- The same over all classes with a score, also those that never happened. -#}
    {{ return(ml_monitor._averages_of({'expected_calibration_error': 'calibration_error', 'log_loss': 'log_loss', 'brier': 'brier'})) }}
{% endmacro %}


{% macro _averages_of(metrics) %}
    {%- set averages = {} -%}
    {%- for name, metric in metrics.items() -%}
        {%- do averages.update({'macro_' ~ name: metric, 'weighted_' ~ name: metric}) -%}
    {%- endfor -%}
    {{ return(averages) }}
{% endmacro %}
