{% macro outcome_totals() %}
    {#- Everything that the estimates need, one row per cell, window and span. -#}
    {%- set tasks = ml_monitor.declared_tasks() -%}
    {%- set statistics = [] -%}
    {%- if 'binary' in tasks -%}{%- do statistics.append('rank_statistics') -%}{%- endif -%}
    {%- if 'binary' in tasks or 'multiclass' in tasks -%}{%- do statistics.append('confusion_statistics') -%}{%- endif -%}
    {%- if 'multiclass' in tasks -%}{%- do statistics.extend(['unseen_classes', 'class_agreement_averages', 'class_rank_averages', 'class_calibration', 'pooled_classes']) -%}{%- endif -%}
    {%- if 'regression' in tasks -%}{%- do statistics.append('error_quantiles') -%}{%- endif -%}
    {%- if 'ranking' in tasks -%}{%- do statistics.append('item_coverage') -%}{%- endif -%}
    {%- set columns = ml_monitor.joined_statistics() -%}
    select
        span_totals.*,
        cells.monitor,
        cells.model_version,
        cells.segment,
        cells.segment_value,
        ranked_cells.ranked_cell,
        monitors.task,
        monitors.beta * monitors.beta as beta_squared,
        monitors.lift_at
        {%- for relation in statistics %}
        {%- for column in columns[relation] %},
        {{ relation }}.{{ column }}
        {%- endfor %}
        {%- endfor %}
    from span_totals
    inner join cells on cells.cell = span_totals.cell
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = cells.monitor
    inner join ranked_cells
        on ranked_cells.cell = span_totals.cell
        and ranked_cells.window_number = span_totals.window_number
        and ranked_cells.span = span_totals.span
    {%- for relation in statistics %}
    left join {{ relation }}
        on {{ relation }}.cell = ranked_cells.ranked_cell
        and {{ relation }}.window_number = span_totals.window_number
        and {{ relation }}.span = span_totals.span
    {%- endfor %}
{%- endmacro %}


{% macro joined_statistics() %}
    {%- set averages = ['macro_precision', 'macro_recall', 'macro_f1', 'macro_f_beta', 'macro_specificity', 'weighted_precision', 'weighted_f1', 'weighted_f_beta', 'weighted_specificity',
        'balanced_accuracy', 'cohen_kappa', 'mcc'] -%}
    {%- set confusion = ['n_pairs', 'n_actual_classes', 'weighted_recall'] -%}
    {%- for metric in averages -%}{%- do confusion.extend([metric, metric ~ '_error']) -%}{%- endfor -%}
    {%- set agreements, class_ranks, calibration = [], [], [] -%}
    {%- for metric in ['macro_mcc', 'weighted_mcc', 'macro_cohen_kappa', 'weighted_cohen_kappa'] -%}{%- do agreements.extend([metric, metric ~ '_error']) -%}{%- endfor -%}
    {%- for metric in ml_monitor.rank_averages() -%}{%- do class_ranks.extend([metric, metric ~ '_error']) -%}{%- endfor -%}
    {%- for metric in ml_monitor.calibration_averages().keys() | list + ['class_reliability', 'class_resolution', 'class_uncertainty'] -%}{%- do calibration.extend([metric, metric ~ '_error']) -%}{%- endfor -%}
    {{ return({
        'rank_statistics': ['all_positives', 'all_negatives', 'roc_auc', 'roc_auc_error', 'average_precision', 'ks_separation', 'captured_positives', 'calibration_error',
            'calibration_error_error', 'reliability', 'reliability_error', 'resolution', 'resolution_error', 'calibration_slope_error'],
        'confusion_statistics': confusion,
        'class_agreement_averages': agreements,
        'class_rank_averages': class_ranks,
        'class_calibration': calibration,
        'pooled_classes': ['micro_roc_auc', 'micro_roc_auc_error', 'micro_average_precision', 'n_pooled_positives'],
        'unseen_classes': ['n_known_labels', 'n_unseen_labels'],
        'error_quantiles': ['error_p50', 'error_p50_lower', 'error_p50_upper', 'error_p90', 'error_p90_lower', 'error_p90_upper'],
        'item_coverage': ['n_items', 'n_exposed_items'],
    }) }}
{% endmacro %}
