{% macro outcome_measures(spec) %}
    {#- What the profile adds up, by name: a number per outcome row. Every performance metric and its standard error follow from these
        sums, for any roll-up. Only the measures of the task are computed; the others are NULL. -#}
    {%- set tasks = {
        'binary': ml_monitor._binary_measures, 'multiclass': ml_monitor._multiclass_measures,
        'regression': ml_monitor._regression_measures, 'ranking': ml_monitor._ranking_measures,
    } -%}
    {{ return(dict({
        'n_invalid_prediction': 'invalid_prediction',
        'n_invalid_label': 'invalid_label',
        'n_early': 'is_early',
    }, **tasks[spec.task](spec))) }}
{% endmacro %}


{% macro outcome_measure_names() %}
    {#- Of all tasks, in one order: the profiles of all monitors are one table. -#}
    {%- set names = {} -%}
    {%- for task in ['binary', 'multiclass', 'regression', 'ranking'] -%}
        {%- do names.update(ml_monitor.outcome_measures({'task': task, 'quantile': 0.5, 'lower': none, 'upper': none})) -%}
    {%- endfor -%}
    {{ return(names.keys() | list) }}
{% endmacro %}


{% macro _binary_measures(spec) %}
    {%- set error = '(exact_score - exact_label)' -%}
    {%- set log_loss = ml_monitor.log_loss('exact_score', 'exact_label') -%}
    {{ return({
        'n_scored': 'case when ' ~ error ~ ' is not null then 1 end',
        'sum_score': 'exact_score',
        'sum_label': 'exact_label',
        'sum_error': error,
        'sum_squared_error': error ~ ' * ' ~ error,
        'sum_fourth_error': 'power(' ~ error ~ ', 4)',
        'sum_log_loss': log_loss,
        'sum_squared_log_loss': 'power(' ~ log_loss ~ ', 2)',
    }) }}
{% endmacro %}


{% macro _multiclass_measures(spec) %}
    {#- Both losses are of the same rows, those whose classes all have a probability: one count is what they are divided by. The row of a class has
        the loss that there would be if the class happened, and the one if it did not. -#}
    {%- set is_scored = "(squared_error is not null or outcome in ('class_score', 'unlabelled_class_score'))" -%}
    {%- set log_loss = ml_monitor.log_loss('(case when ' ~ is_scored ~ ' then exact_score end)', '1') -%}
    {%- set other_log_loss = ml_monitor.log_loss("(case when outcome = 'class_score' then exact_score end)", '0') -%}
    {{ return({
        'n_scored': 'case when ' ~ is_scored ~ ' then 1 end',
        'sum_squared_error': 'squared_error',
        'sum_fourth_error': 'squared_error * squared_error',
        'sum_log_loss': log_loss,
        'sum_squared_log_loss': 'power(' ~ log_loss ~ ', 2)',
        'sum_other_log_loss': other_log_loss,
        'sum_squared_other_log_loss': 'power(' ~ other_log_loss ~ ', 2)',
    }) }}
{% endmacro %}
