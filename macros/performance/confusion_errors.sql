{% macro confusion_errors() %}
    {#- Standard errors by the delta method: what one more row with this pair of classes does to each metric, squared and summed over
        the pairs (for F1 averages: Takahashi et al. 2022). -#}
    {%- set influences = ml_monitor.confusion_influences() -%}
    {%- set defined = ['cohen_kappa', 'mcc'] -%}
    influences as (
        select pairs.cell, pairs.window_number, pairs.span, pairs.n, n_pairs
            {%- for metric, influence in influences.items() %},
            {{ 'case when ' ~ metric ~ ' is not null then ' ~ influence ~ ' end' if metric in defined else influence }} as {{ metric }}
            {%- endfor %}
        from (select *, case when predicted_class = actual_class then 1 else 0 end as is_hit from pairs) as pairs
        inner join agreements
            on agreements.cell = pairs.cell and agreements.window_number = pairs.window_number and agreements.span = pairs.span
        {%- for side in ['predicted', 'actual'] %}
        inner join class_scores as {{ side }}
            on {{ side }}.cell = pairs.cell and {{ side }}.window_number = pairs.window_number and {{ side }}.span = pairs.span
            and {{ side }}.class = pairs.{{ side }}_class
        {%- endfor %}
    ),

    confusion_noise as (
        select cell, window_number, span
            {%- for metric in influences %},
            sqrt(sum(n * {{ metric }} * {{ metric }})) / max(n_pairs) as {{ metric }}_error
            {%- endfor %}
        from influences
        group by cell, window_number, span
    ),

    confusion_statistics as (
        select agreements.*{% for metric in influences %}, confusion_noise.{{ metric }}_error{% endfor %}
        from agreements
        inner join confusion_noise
            on confusion_noise.cell = agreements.cell and confusion_noise.window_number = agreements.window_number and confusion_noise.span = agreements.span
    )
{%- endmacro %}


{% macro confusion_influences() %}
    {#- `actual` and `predicted` are the scores of the two classes of a pair. -#}
    {%- set chance = '((actual.n_predicted + predicted.n_actual) / n_pairs - 2 * chance_agreement)' -%}
    {%- set f_beta_of_actual = '((1 + actual.beta_squared) * is_hit - actual.beta_squared * actual.class_f_beta) / actual.f_beta_size' -%}
    {%- set influences = {
        'macro_precision': '(is_hit - predicted.class_precision) * n_pairs / predicted.n_predicted / n_classes',
        'macro_recall': '(is_hit - actual.class_recall) * n_pairs / actual.n_actual / n_classes',
        'balanced_accuracy': '(is_hit - actual.class_recall) * n_pairs / actual.n_actual / n_actual_classes',
        'macro_f1': '((2 * is_hit - actual.class_f1) / (actual.n_actual + actual.n_predicted) - predicted.class_f1 / (predicted.n_actual + predicted.n_predicted)) * n_pairs / n_classes',
        'weighted_precision': 'actual.class_precision - weighted_precision + predicted.n_actual / predicted.n_predicted * (is_hit - predicted.class_precision)',
        'weighted_f1': 'actual.class_f1 - weighted_f1 + actual.n_actual * (2 * is_hit - actual.class_f1) / (actual.n_actual + actual.n_predicted)'
            ~ ' - predicted.n_actual * predicted.class_f1 / (predicted.n_actual + predicted.n_predicted)',
        'macro_f_beta': '(' ~ f_beta_of_actual ~ ' - predicted.class_f_beta / predicted.f_beta_size) * n_pairs / n_classes',
        'weighted_f_beta': 'actual.class_f_beta - weighted_f_beta + actual.n_actual * ' ~ f_beta_of_actual ~ ' - predicted.n_actual * predicted.class_f_beta / predicted.f_beta_size',
        'macro_specificity': '(macro_specificity_gain - n_pairs * (1 - actual.class_specificity) / actual.n_others - (1 - is_hit) * n_pairs / predicted.n_others) / n_classes',
        'weighted_specificity': 'actual.class_specificity - weighted_specificity + weighted_specificity_gain'
            ~ ' - actual.n_actual * (1 - actual.class_specificity) / actual.n_others - (1 - is_hit) * predicted.n_actual / predicted.n_others',
        'cohen_kappa': '(is_hit - agreement) / (1 - chance_agreement) - (1 - agreement) / power(1 - chance_agreement, 2) * ' ~ chance,
        'mcc': '(is_hit - agreement - ' ~ chance ~ ') / sqrt((1 - predicted_concentration) * (1 - actual_concentration))'
            ~ ' + mcc * ((actual.n_actual / n_pairs - actual_concentration) / (1 - actual_concentration)'
            ~ ' + (predicted.n_predicted / n_pairs - predicted_concentration) / (1 - predicted_concentration))',
    } -%}
    {{ return(influences) }}
{% endmacro %}
