{% macro outcome_sums(spec) %}
    {#- The counts and sums of one group of outcome rows. -#}
    sum(n) as n,
            sum(n_feedback) as n_feedback,
            max(labelled_at) as labelled_until
            {%- for name, measure in ml_monitor.outcome_measures(spec).items() %},
            sum({{ measure }}) as {{ name }}
            {%- endfor %}
{%- endmacro %}


{% macro outcome_keys(spec) %}
    {#- What tells the outcome rows of a task apart, so that their order and confusion survive the sums. -#}
    {{ return({
        'binary': ['score', 'prediction', 'label'],
        'multiclass': ['score', 'prediction', 'predicted_class', 'actual_class'],
        'regression': ['score', 'error_bin'],
        'ranking': ['item'] if spec.item else [],
    }[spec.task]) }}
{% endmacro %}


{% macro all_outcome_keys() %}
    {#- Of all tasks, with the type that they have where a task has none. -#}
    {%- set double = ml_monitor.type_double() -%}
    {{ return({
        'score': double, 'prediction': double, 'label': double, 'predicted_class': dbt.type_string(), 'actual_class': dbt.type_string(),
        'error_bin': 'integer', 'item': dbt.type_string(),
    }) }}
{% endmacro %}
