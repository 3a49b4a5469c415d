{% macro _metric_needs() %}
    {#- What a monitor must have for a metric to exist, beyond the task and, for performance, labels: a type of feature or a key. -#}
    {%- set known_categories = [] -%}
    {%- for distance in ml_monitor.distance_formulas() -%}{%- do known_categories.append(distance ~ '_without_unseen') -%}{%- endfor -%}
    {{ return({
        'numeric': ['ks', 'wasserstein', 'mean_shift', 'std_change', 'invalid_rate', 'out_of_range_rate', 'point_mass_increase'],
        'categorical': known_categories + ['unseen_rate', 'vanished_rate', 'category_count', 'category_count_ratio'],
        'bounds': ['out_of_bounds_rate'],
        'score': ['roc_auc', 'gini', 'average_precision', 'ks_separation', 'lift', 'brier', 'brier_reliability', 'brier_resolution', 'brier_uncertainty',
            'expected_calibration_error', 'observed_to_expected', 'calibration_slope', 'estimated_roc_auc',
            'ipw_log_loss', 'ipw_brier', 'log_loss_worst_case', 'log_loss_best_case', 'brier_worst_case', 'brier_best_case',
            'roc_auc_difference', 'brier_difference', 'roc_auc_at_age', 'gini_at_age', 'average_precision_at_age', 'ks_separation_at_age', 'brier_at_age'],
        'scores': ml_monitor.rank_averages().keys() | list + ml_monitor.calibration_averages().keys() | list + ['micro_roc_auc', 'micro_average_precision', 'class_roc_auc', 'class_gini', 'class_average_precision',
            'class_ks_separation', 'class_expected_calibration_error', 'class_observed_to_expected', 'class_calibration_slope', 'class_lift',
            'class_log_loss', 'class_brier', 'class_brier_reliability', 'class_brier_resolution', 'class_brier_uncertainty', 'estimated_macro_precision',
            'estimated_macro_recall', 'estimated_macro_f1', 'estimated_weighted_precision', 'estimated_weighted_recall', 'estimated_weighted_f1',
            'estimated_macro_roc_auc', 'estimated_weighted_roc_auc', 'estimated_log_loss'],
        'error_profile': ['expected_damage', 'expected_cost_change'],
        'loaded_at': ['late_rate'],
        'lower': ['interval_coverage'],
        'item': ['item_coverage'],
        'costs': ['cost', 'estimated_cost', 'business_value', 'expected_cost_change'],
        'protected': ['selection_rate_gap', 'tpr_gap', 'fpr_gap', 'ppv_gap'],
        'selective': ml_monitor._selective_metrics() | map(attribute='metric') | list,
        'comparison': ml_monitor.difference_metrics(),
        'segments': ['worst_slice_gap', 'worst_slice_damage', 'mix_effect', 'rate_effect'],
        'label_delay': ml_monitor._age_metrics() | map(attribute='metric') | list,
    }) }}
{% endmacro %}


{% macro _metric_misfit(metric, spec) %}
    {#- What this monitor lacks for a metric of the catalogue, and what would give it; none if nothing. A threshold on it would never be judged. -#}
    {% set type_names = ml_monitor._variable_types(spec).values() | list %}
    {% for need, metrics in ml_monitor._metric_needs().items() if metric.metric in metrics %}
        {#- many classes have a score each #}
        {% set need = 'scores' if need == 'score' and spec.task == 'multiclass' else need %}
        {% if need in ['numeric', 'categorical'] and need not in type_names %}
            {{ return(['is about ' ~ need ~ ' features, and there is none', ['a feature of type ' ~ need]]) }}
        {% elif need == 'bounds' and not ml_monitor._monitored_variables(spec) | selectattr('bounds') | list %}
            {{ return(['needs a feature with bounds', ['min', 'max', 'allowed']]) }}
        {% elif need not in ['numeric', 'categorical', 'bounds'] and not spec[need] %}
            {{ return(['needs the key ' ~ need, [need]]) }}
        {% endif %}
    {% endfor %}
    {% if metric.family == 'performance' and not spec.feedback and metric.metric != 'selection_rate_gap' %}
        {{ return(['needs labels', ['feedback: a model or source.table']]) }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}


{% macro _variable_types(spec) %}
    {#- Type by the name that a value of drift or data quality has in `feature`. -#}
    {% set types = {} %}
    {% set label = ml_monitor._label_variable(spec) %}
    {% for variable in ml_monitor._monitored_variables(spec) + ([label] if label else []) %}
        {% do types.update({variable.name: variable.type}) %}
    {% endfor %}
    {{ return(types) }}
{% endmacro %}


{% macro _validate_metric_fits(name, metric, declared, spec) %}
    {#- A threshold that was declared, on a metric that this monitor or that feature cannot have. -#}
    {% set misfit = ml_monitor._metric_misfit(metric, spec) %}
    {% if misfit %}
        {% do ml_monitor._config_error(name, 'thresholds.' ~ metric.metric, misfit[0], misfit[1]) %}
    {% endif %}
    {% set types = ml_monitor._variable_types(spec) %}
    {% for need in ['numeric', 'categorical'] if metric.metric in ml_monitor._metric_needs()[need] and declared.get('features') is mapping %}
        {#- `feature: null` watches nothing there, whatever the feature is. #}
        {% for feature, limits in declared.features.items() if limits is not none and types.get(feature, need) != need %}
            {% do ml_monitor._config_error(name, 'thresholds.' ~ metric.metric ~ '.features', tojson(feature) ~ ' is ' ~ types[feature] ~ ', and the metric is about ' ~ need ~ ' features') %}
        {% endfor %}
    {% endfor %}
{% endmacro %}
