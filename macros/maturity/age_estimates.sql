{% macro age_estimates() %}
    {#- A metric at an age is the metric, with its interval. A ranking is left out: its labels are counted by query. -#}
    {%- set found = [] -%}
    {%- for estimate in ml_monitor.all_estimates() if estimate.metric in ml_monitor.age_metrics() -%}
        {%- do found.append(dict(estimate, tasks=estimate.tasks | reject('equalto', 'ranking') | list)) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro age_totals() %}
    {#- What the estimates call the sums of the triangle, by name. -#}
    {%- set totals = {
        'n': 'n_labels', 'n_predictions': 'n_predictions', 'n_positives': 'positives', 'n_correct': 'correct', 'n_paired': 'correct + wrong',
    } -%}
    {%- for name in ml_monitor.label_measures() if name not in ['n_labels', 'positives', 'negatives', 'correct', 'wrong'] -%}
        {%- do totals.update({name: name}) -%}
    {%- endfor -%}
    {{ return(totals) }}
{% endmacro %}
