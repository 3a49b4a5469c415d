{#- Bounds that hold whatever the missing labels are (Manski 1990): the metrics as they are without selection, once with every missing label against the
    model, once with every one for it. -#}

{% macro bounded_metrics() %}
    {{ return(['accuracy', 'prevalence', 'precision', 'recall', 'specificity', 'f1', 'log_loss', 'brier']) }}
{% endmacro %}


{% macro bounded_estimates(case) %}
    {%- set estimates = [] -%}
    {%- for estimate in ml_monitor.all_estimates() if estimate.metric in ml_monitor.bounded_metrics() -%}
        {%- do estimates.append(dict(estimate, metric=estimate.metric ~ '_' ~ case ~ '_case')) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro bounded_totals(case) %}
    {#- What the estimates call the sums of a case, by name. That a row is positive is the worse case of prevalence. -#}
    {%- set all = [] -%}
    {%- for cell in ['tp', 'fp', 'fn', 'tn'] -%}{%- do all.append(case ~ '_' ~ cell) -%}{%- endfor -%}
    {%- set totals = {
        'n': all | join(' + '), 'n_paired': all | join(' + '), 'n_correct': case ~ '_tp + ' ~ case ~ '_tn',
        'n_positives': 'n_positives' ~ (' + n_unlabelled' if case == 'worst'), 'n_scored': 'n_scored',
    } -%}
    {%- for cell in ['tp', 'fp', 'fn', 'tn'] -%}{%- do totals.update({cell: case ~ '_' ~ cell}) -%}{%- endfor -%}
    {%- for sum in ['sum_log_loss', 'sum_squared_log_loss', 'sum_squared_error', 'sum_fourth_error'] -%}{%- do totals.update({sum: case ~ '_' ~ sum}) -%}{%- endfor -%}
    {{ return(totals) }}
{% endmacro %}
