{#- What each class has against all others, from its predicted, actual and right rows. -#}

{% macro class_sums() %}
    {%- set group = 'cell, window_number, span' -%}
    class_sums as (
        select {{ group }}, class, sum(n_predicted) as n_predicted, sum(n_actual) as n_actual, sum(n_both) as n_both
        from (
            select {{ group }}, predicted_class as class, n as n_predicted, 0 as n_actual, case when predicted_class = actual_class then n else 0 end as n_both from pairs
            union all
            select {{ group }}, actual_class, 0, n, 0 from pairs
        ) as sides
        group by {{ group }}, class
    )
{%- endmacro %}


{% macro class_scores() %}
    {#- `n_others` are the labels of other classes, NULL if there are none; `f_beta_size` is what F-beta divides by. -#}
    classes_and_others as (
        select class_sums.*,
            nullif(sum(class_sums.n_actual) over (partition by class_sums.cell, class_sums.window_number, class_sums.span) - class_sums.n_actual, 0) as n_others,
            monitors.task,
            monitors.beta * monitors.beta as beta_squared,
            monitors.beta * monitors.beta * class_sums.n_actual + class_sums.n_predicted as f_beta_size
        from class_sums
        inner join cells on cells.cell = class_sums.cell
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = cells.monitor
    ),

    class_scores as (
        select classes_and_others.*,
            case when n_predicted > 0 then n_both / n_predicted else 0 end as class_precision,
            case when n_actual > 0 then n_both / n_actual else 0 end as class_recall,
            2 * n_both / (n_predicted + n_actual) as class_f1,
            (1 + beta_squared) * n_both / f_beta_size as class_f_beta,
            (n_others - n_predicted + n_both) / n_others as class_specificity
        from classes_and_others
    )
{%- endmacro %}
