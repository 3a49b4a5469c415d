{% macro _monitor_defaults() %}
    {#- Here and not in the package's `vars:`, because those are invisible to the user's own models. -#}
    {{ return({
        'predictions': none,
        'feedback': none,
        'task': 'binary',
        'prediction_id': 'prediction_id',
        'predicted_at': 'predicted_at',
        'model_version': 'model_version',
        'score': 'y_score',
        'prediction': 'y_pred',
        'label': 'label',
        'labelled_at': 'labelled_at',
        'loaded_at': none,
        'window': 'day',
        'rolling': [7, 30],
        'trailing_baseline': 28,
        'lookback': none,
        'label_delay': 0,
        'reference': none,
        'features': {},
        'segments': [],
        'bins': 10,
        'categories': 50,
        'score_decimals': 3,
        'smoothing': 'jeffreys',
        'alpha': 0.01,
        'healthy': {'windows': 28, 'from': none, 'to': none},
        'min_rows': 100,
        'alerting': {'open_after': 1, 'resolve_after': 3, 'renotify_after': 14},
        'metrics': {},
        'thresholds': {},
        'owner': none,
        'description': none,
        'retraining': none,
    }) }}
{% endmacro %}


{% macro _default_thresholds() %}
    {{ return({
        'psi': {'warn': 0.1, 'alert': 0.25},
        'missing_rate_increase': {'warn': 0.05, 'alert': 0.2},
        'unseen_rate': {'warn': 0.05, 'alert': 0.2},
        'invalid_rate': {'warn': 0.0, 'alert': 0.01},
        'duplicate_rate': {'warn': 0.0, 'alert': 0.01},
        'untimely_rate': {'warn': 0.0, 'alert': 0.01},
        'orphan_label_rate': {'warn': 0.01, 'alert': 0.1},
        'schema_changes': {'alert': 0},
        'row_count': {'alert': 1},
    }) }}
{% endmacro %}
