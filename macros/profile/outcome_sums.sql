{% macro outcome_sums(spec) %}
    {#- Sums from which every performance metric and its standard error follow, for any roll-up. Errors are prediction - label;
        labels are centred on nothing: R2 is the one metric that needs their spread, and it says so. -#}
    {%- set error = '(exact_score - exact_label)' if spec.task == 'binary' else '(exact_prediction - exact_label)' -%}
    {%- set log_loss = ml_monitor.log_loss('exact_score', 'exact_label') if spec.task == 'binary' else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' -%}
    sum(n) as n,
            sum(n_feedback) as n_feedback,
            sum(exact_score) as sum_score,
            sum({{ error }} * {{ error }}) as sum_squared_error,
            sum(power({{ error }}, 4)) as sum_fourth_error,
            sum({{ log_loss }}) as sum_log_loss,
            sum(power({{ log_loss }}, 2)) as sum_squared_log_loss,
            sum({{ error }}) as sum_error,
            sum(abs({{ error }})) as sum_absolute_error,
            sum(exact_label) as sum_label,
            sum(exact_label * exact_label) as sum_squared_label,
            max(labelled_at) as labelled_until
{%- endmacro %}
