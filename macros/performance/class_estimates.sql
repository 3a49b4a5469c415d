{% macro class_estimates(totals) %}
    {#- Metrics of the most frequent classes against all others, with the intervals that two classes have; `feature` is class:<name>. -#}
    {%- set estimates = ml_monitor._class_confusion_estimates() + ml_monitor._class_score_estimates() %}
        select totals.monitor, totals.window_number, totals.span, totals.model_version, totals.segment, totals.segment_value,
            1e0 * totals.n / totals.n_predictions as label_coverage, 'class:' || classes.class as feature,
            {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
        from {{ totals }} as totals
        inner join frequent_classes as classes
            on classes.cell = totals.ranked_cell and classes.window_number = totals.window_number and classes.span = totals.span
        cross join ({{ ml_monitor.places(1, estimates | length) }}) as metrics
        where totals.task = 'multiclass'
{% endmacro %}


{% macro _class_confusion_estimates() %}
    {%- set right, only_predicted, only_actual = 'classes.n_both', '(classes.n_predicted - classes.n_both)', '(classes.n_actual - classes.n_both)' -%}
    {%- set f1_error = 'sqrt(4e0 * ' ~ right ~ ' * (' ~ only_predicted ~ ' + ' ~ only_actual ~ ') * (' ~ right ~ ' + ' ~ only_predicted ~ ' + ' ~ only_actual
        ~ ')) / power(classes.n_predicted + classes.n_actual, 2)' -%}
    {%- set b, b_squared = '(1 + classes.beta_squared)', 'classes.beta_squared' -%}
    {%- set f_beta_error = b ~ ' * sqrt(' ~ right ~ ' * power(' ~ b_squared ~ ' * ' ~ only_actual ~ ' + ' ~ only_predicted ~ ', 2) + ('
        ~ b_squared ~ ' * ' ~ b_squared ~ ' * ' ~ only_actual ~ ' + ' ~ only_predicted ~ ') * ' ~ right ~ ' * ' ~ right ~ ') / power(classes.f_beta_size, 2)' -%}
    {%- set n_either = '(classes.n_predicted + classes.n_actual - classes.n_both)' -%}
    {{ return(ml_monitor._class_agreement_estimates() + [
        ml_monitor._share('class_accuracy', 'classes.n_rows - ' ~ only_predicted ~ ' - ' ~ only_actual, 'classes.n_rows'),
        ml_monitor._share('class_prevalence', 'classes.n_actual', 'classes.n_rows'),
        ml_monitor._share('class_precision', right, 'classes.n_predicted', 'the class was not predicted'),
        ml_monitor._share('class_recall', right, 'classes.n_actual', 'no label of the class'),
        ml_monitor._share('class_specificity', 'classes.n_others - classes.n_predicted + classes.n_both', 'coalesce(classes.n_others, 0)', 'no label of another class'),
        ml_monitor._estimate('class_f1', 'classes.class_f1', f1_error, 'classes.n_predicted + classes.n_actual > 0', n=n_either),
        ml_monitor._estimate('class_f_beta', 'classes.class_f_beta', f_beta_error, 'classes.n_predicted + classes.n_actual > 0', n=n_either),
    ]) }}
{% endmacro %}


{% macro _class_agreement_estimates() %}
    {%- set estimates = [] -%}
    {%- for metric, why in {
        'balanced_accuracy': 'no label of the class, or of another class', 'mcc': 'all labels or all predictions are of the class, or none of them',
        'cohen_kappa': 'labels and predictions are all of the class',
    }.items() -%}
        {%- do estimates.append(ml_monitor._estimate('class_' ~ metric, 'classes.' ~ metric, 'classes.' ~ metric ~ '_error', 'classes.' ~ metric ~ ' is not null', why, 'classes.n_rows')) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro _class_score_estimates() %}
    {%- set one_class, no_score = 'the class has no score, or one class only among the labels', 'the class has no score' -%}
    {%- set no_label = 'the class has no score, or no label of the class' -%}
    {%- set estimates = [
        dict(ml_monitor._share('class_average_precision', 'classes.average_precision * classes.all_positives', 'classes.all_positives', no_label), n='classes.n_actual'),
        ml_monitor._lift_estimate('class_lift', 'classes.', no_label, 'classes.n_actual'),
    ] -%}
    {%- for metric in ['roc_auc', 'gini', 'ks_separation'] -%}
        {%- do estimates.append(ml_monitor._estimate('class_' ~ metric, 'classes.' ~ metric, 'classes.' ~ metric ~ '_error', 'classes.roc_auc is not null', one_class, 'classes.n_actual')) -%}
    {%- endfor -%}
    {%- for metric, column, why in [
        ('log_loss', 'log_loss', no_score), ('brier', 'brier', no_score),
        ('brier_reliability', 'reliability', no_score), ('brier_resolution', 'resolution', no_score), ('brier_uncertainty', 'uncertainty', no_score),
        ('expected_calibration_error', 'calibration_error', no_score), ('observed_to_expected', 'observed_to_expected', 'the class has no score above 0'),
        ('calibration_slope', 'calibration_slope', 'the class has no score, or all are equal'),
    ] -%}
        {%- do estimates.append(ml_monitor._estimate('class_' ~ metric, 'classes.' ~ column, 'classes.' ~ column ~ '_error', 'classes.' ~ column ~ ' is not null', why, 'classes.n_ranked')) -%}
    {%- endfor -%}
    {{ return(estimates) }}
{% endmacro %}


{% macro frequent_classes() %}
    {#- Every class counts in the averages; so many have metrics of their own. -#}
    frequent_classes as (
        select ranked.*, class_ranks.n_ranked, class_ranks.all_positives, class_ranks.captured_positives, class_ranks.lift_at, class_ranks.average_precision
            {%- for metric in ['log_loss', 'brier', 'roc_auc', 'gini', 'ks_separation', 'calibration_error', 'observed_to_expected', 'calibration_slope', 'reliability', 'resolution', 'uncertainty'] %},
            class_ranks.{{ metric }}, class_ranks.{{ metric }}_error
            {%- endfor %}
        from (
            select class_agreements.*, row_number() over (partition by cell, window_number, span order by n_actual desc, n_predicted desc, class) as place
            from class_agreements
        ) as ranked
        inner join cells on cells.cell = ranked.cell
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = cells.monitor
        left join class_ranks
            on class_ranks.cell = ranked.cell and class_ranks.window_number = ranked.window_number and class_ranks.span = ranked.span
            and class_ranks.class = ranked.class
        where ranked.place <= monitors.n_classes
    )
{%- endmacro %}
