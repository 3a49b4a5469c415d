{% macro _selective_metrics() %}
    {#- Of models whose decisions choose who gets a label. -#}
    {%- set binary, classes, numbers = ['binary'], ['binary', 'multiclass'], ['regression'] -%}
    {%- set share, squared = 'share', 'probability squared' -%}
    {%- set metrics = [] -%}
    {%- for metric, (unit, breaches, formula, tasks) in {
        'ipw_accuracy': (share, 'below', 'sum(right / propensity) / sum(1 / propensity)', classes),
        'ipw_prevalence': (share, 'above', 'sum(label / propensity) / sum(1 / propensity)', binary),
        'ipw_precision': (share, 'below', 'TP / (TP + FP), each the sum of its 1 / propensity', binary),
        'ipw_recall': (share, 'below', 'TP / (TP + FN), each the sum of its 1 / propensity', binary),
        'ipw_specificity': (share, 'below', 'TN / (TN + FP), each the sum of its 1 / propensity', binary),
        'ipw_f1': (share, 'below', '2 TP / (2 TP + FP + FN), each the sum of its 1 / propensity', binary),
        'ipw_log_loss': ('nats', 'above', 'sum(log loss / propensity) / sum(1 / propensity)', classes),
        'ipw_brier': (squared, 'above', 'sum((score - label)^2 / propensity) / sum(1 / propensity); of many classes summed over them', classes),
        'ipw_mae': ('label unit', 'above', 'sum(abs(prediction - label) / propensity) / sum(1 / propensity)', numbers),
        'ipw_rmse': ('label unit', 'above', 'square root of sum((prediction - label)^2 / propensity) / sum(1 / propensity)', numbers),
        'ipw_bias': ('label unit', 'both', 'sum((prediction - label) / propensity) / sum(1 / propensity)', numbers),
    }.items() -%}
        {%- do metrics.append(ml_monitor._metric(metric, 'performance', unit, breaches, formula ~ ', over labelled rows that were acted on', tasks)) -%}
    {%- endfor -%}
    {%- for metric in ml_monitor.bounded_metrics() -%}
        {%- set unit = {'log_loss': 'nats', 'brier': squared}.get(metric, share) -%}
        {%- set breaches = 'above' if metric in ['prevalence', 'log_loss', 'brier'] else 'below' -%}
        {%- for case, words in {'worst': ('against the model', 'positive'), 'best': ('for the model', 'negative')}.items() -%}
            {%- do metrics.append(ml_monitor._metric(metric ~ '_' ~ case ~ '_case', 'performance', unit, breaches, metric ~ ' of all predictions, every missing label ' ~ words[metric == 'prevalence'],
                classes if metric in ['accuracy', 'log_loss', 'brier'] else binary)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(metrics + [ml_monitor._metric('exploration_share', 'performance', share, 'below', 'rows acted on with a propensity under 0.5 / rows acted on', classes + numbers)]) }}
{% endmacro %}
