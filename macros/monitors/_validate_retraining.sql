{% macro _retraining_choices() %}
    {#- Keys of `retraining` with a closed set of values. -#}
    {{ return({
        'triggers': ['drift', 'performance', 'validation', 'concept_drift', 'custom', 'labels', 'schedule'],
        'promotion': ['auto', 'manual', 'shadow'],
        'no_regression': ['roc_auc', 'log_loss', 'brier', 'accuracy', 'mae', 'rmse'],
        'registry': ['mlflow'],
        'tracking': ['wandb'],
    }) }}
{% endmacro %}


{% macro _validate_retraining(name, retraining, rolling) %}
    {#- Numbers and names are checked by Python, which uses them; here is what SQL uses, and every misspelt key. -#}
    {% set allowed = [
        'triggers', 'drift_windows', 'tolerance', 'over', 'cooldown_days', 'min_new_labels', 'every_days', 'trainer', 'parameters',
        'time_limit_minutes', 'holdout_days', 'train_days', 'no_regression', 'promotion', 'shadow_days', 'min_rows', 'guard', 'max_attempts', 'gate', 'registry',
        'registry_name', 'tracking',
    ] %}
    {% if retraining is not none and retraining is not mapping %}
        {% do ml_monitor._config_error(name, 'retraining', 'must be a mapping', allowed) %}
    {% endif %}
    {% set choices = ml_monitor._retraining_choices() %}
    {% for key, value in (retraining or {}).items() %}
        {% do ml_monitor._validate_choice(name, 'retraining', key, allowed) %}
        {% for one in ((value if key in ['triggers', 'no_regression'] else [value]) if key in choices and value is not none else []) %}
            {% do ml_monitor._validate_choice(name, 'retraining.' ~ key, one, choices[key]) %}
        {% endfor %}
        {% if key in ['drift_windows', 'min_new_labels', 'every_days'] %}
            {% do ml_monitor._validate_whole_number(name, 'retraining.' ~ key, value, 1) %}
        {% elif key == 'tolerance' and (value is not number or value is boolean or value < 0) %}
            {% do ml_monitor._config_error(name, 'retraining.tolerance', tojson(value) ~ ' is not a number from 0') %}
        {% elif key == 'over' %}
            {% do ml_monitor._validate_choice(name, 'retraining.over', value, [1] + rolling) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro any_retraining() %}
    {#- Whether any monitor is retrained. Reads what is declared, not what is resolved: it is asked for every snapshot. -#}
    {% for declared in var('ml_monitor__monitors', {}).values() if declared is mapping and declared.get('retraining') %}
        {{ return(true) }}
    {% endfor %}
    {{ return(false) }}
{% endmacro %}
