{% macro _multiclass_estimates() %}
    {%- set estimates = [] -%}
    {#- With one class per row the micro averages are all the share of rows that are right. -#}
    {%- for metric in ['accuracy', 'micro_precision', 'micro_recall', 'micro_f1', 'weighted_recall'] -%}
        {%- do estimates.append(ml_monitor._share(metric, 'n_correct', 'n_paired')) -%}
    {%- endfor -%}
    {%- for metric in ['macro_precision', 'macro_recall', 'macro_f1', 'weighted_precision', 'weighted_f1'] -%}
        {%- do estimates.append(ml_monitor._estimate(metric, metric, metric ~ '_error', metric ~ ' is not null', n='n_paired')) -%}
    {%- endfor -%}
    {{ return(estimates + [
        ml_monitor._share('unseen_class_rate', 'n_unseen_labels', 'n_known_labels'),
        ml_monitor._estimate('balanced_accuracy', 'balanced_accuracy', 'balanced_accuracy_error', 'n_actual_classes > 1', 'one class only among the labels', 'n_paired'),
        ml_monitor._estimate('mcc', 'mcc', 'mcc_error', 'mcc is not null', 'one class only among the labels or the predictions', 'n_paired'),
        ml_monitor._estimate('cohen_kappa', 'cohen_kappa', 'cohen_kappa_error', 'cohen_kappa is not null', 'labels and predictions are all of one class', 'n_paired'),
        ml_monitor._mean('log_loss', 'sum_log_loss', 'sum_squared_log_loss', 'n_scored', 'no labelled score'),
        ml_monitor._mean('brier', 'sum_squared_error', 'sum_fourth_error', 'n_scored', 'no labelled score'),
        ml_monitor._estimate('macro_roc_auc', 'macro_roc_auc', 'macro_roc_auc_error', 'macro_roc_auc is not null', 'no class has both a label and a label of another class', 'n_scored'),
        ml_monitor._estimate('weighted_roc_auc', 'weighted_roc_auc', 'weighted_roc_auc_error', 'macro_roc_auc is not null', 'no class has both a label and a label of another class', 'n_scored'),
        ml_monitor._estimate('macro_average_precision', 'macro_average_precision', 'macro_average_precision_error', 'macro_roc_auc is not null', 'no class has both a label and a label of another class', 'n_scored'),
    ]) }}
{% endmacro %}


{% macro class_estimates(totals) %}
    {#- Precision, recall and F1 of the most frequent classes; `feature` is class:<name>. Wilson's intervals, for F1 the delta method. -#}
    {%- set right, only_predicted, only_actual = 'classes.n_both', '(classes.n_predicted - classes.n_both)', '(classes.n_actual - classes.n_both)' -%}
    {%- set f1_error = 'sqrt(4e0 * ' ~ right ~ ' * (' ~ only_predicted ~ ' + ' ~ only_actual ~ ') * (' ~ right ~ ' + ' ~ only_predicted ~ ' + ' ~ only_actual
        ~ ')) / power(classes.n_predicted + classes.n_actual, 2)' -%}
    {%- set estimates = [
        ml_monitor._share('class_precision', right, 'classes.n_predicted', 'the class was not predicted'),
        ml_monitor._share('class_recall', right, 'classes.n_actual', 'no label of the class'),
        ml_monitor._estimate('class_f1', 'classes.class_f1', f1_error, 'classes.n_predicted + classes.n_actual > 0', n='(classes.n_predicted + classes.n_actual - classes.n_both)'),
        ml_monitor._estimate('class_roc_auc', 'classes.roc_auc', 'classes.roc_auc_error', 'classes.roc_auc is not null', 'the class has no score, or one class only among the labels', 'classes.n_actual'),
        dict(ml_monitor._share('class_average_precision', 'classes.average_precision * classes.all_positives', 'classes.all_positives', 'the class has no score, or no label of the class'), n='classes.n_actual'),
    ] -%}
    {%- for estimate in estimates %}
        select totals.monitor, totals.window_number, totals.span, totals.model_version, totals.segment, totals.segment_value,
            1e0 * totals.n / totals.n_predictions as label_coverage, 'class:' || classes.class as feature, '{{ estimate.metric }}' as metric,
            case when {{ estimate.when }} then {{ estimate.value }} end as metric_value, cast({{ estimate.n }} as bigint) as sample_size, {{ ml_monitor.literal(estimate.why) }} as detail,
            {%- for part in ['lower', 'upper', 'error'] %}
            cast({{ 'case when ' ~ estimate.when ~ ' then ' ~ estimate[part] ~ ' end' if estimate[part] else 'null' }} as {{ ml_monitor.type_double() }}) as {{ {'error': 'standard_error'}.get(part, part ~ '_bound') }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ totals }} as totals
        inner join frequent_classes as classes
            on classes.cell = totals.ranked_cell and classes.window_number = totals.window_number and classes.span = totals.span
        where totals.task = 'multiclass'
        {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}


{% macro frequent_classes() %}
    {#- Every class counts in the averages; so many have metrics of their own. -#}
    frequent_classes as (
        select ranked.*, class_ranks.all_positives, class_ranks.roc_auc, class_ranks.roc_auc_error, class_ranks.average_precision
        from (
            select class_scores.*, row_number() over (partition by cell, window_number, span order by n_actual desc, n_predicted desc, class) as place
            from class_scores
        ) as ranked
        inner join cells on cells.cell = ranked.cell
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = cells.monitor
        left join class_ranks
            on class_ranks.cell = ranked.cell and class_ranks.window_number = ranked.window_number and class_ranks.span = ranked.span
            and class_ranks.class = ranked.class
        where ranked.place <= monitors.n_classes
    )
{%- endmacro %}
