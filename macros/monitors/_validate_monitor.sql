{% macro _validate_monitor(name, declared) %}
    {#- `modules.re` and not `is string` alone: a name becomes part of model names. -#}
    {% if not modules.re.match('^[a-z][a-z0-9_]*$', name) %}
        {% do ml_monitor._config_error(name, 'name', 'must be lower case letters, digits and underscores, starting with a letter') %}
    {% endif %}
    {% if declared is not mapping %}
        {% do ml_monitor._config_error(name, '(monitor)', 'must be a mapping of keys to values') %}
    {% endif %}
    {% set defaults = ml_monitor._monitor_defaults() %}
    {% for key in declared if key not in defaults %}
        {% do ml_monitor._config_error(name, key, 'is not a known key', defaults.keys() | list) %}
    {% endfor %}
    {% set spec = dict(defaults, **declared) %}
    {% for key in ['predictions', 'reference', 'features'] if not spec[key] %}
        {% do ml_monitor._config_error(name, key, 'is required') %}
    {% endfor %}
    {% set spec = ml_monitor._with_label_log(name, spec) %}
    {% do ml_monitor._validate_choice(name, 'task', spec.task, ['binary', 'regression', 'multiclass', 'ranking']) %}
    {% do ml_monitor._validate_choice(name, 'window', spec.window, ['hour', 'day', 'week', 'month', 'chunk']) %}
    {% do ml_monitor._validate_timezone(name, spec.timezone) %}
    {% do ml_monitor._validate_chunks(name, spec) %}
    {% for key in ['predictions', 'feedback', 'prediction_id', 'predicted_at', 'model_version', 'score', 'prediction', 'label', 'labelled_at', 'loaded_at', 'lower', 'upper', 'query_id', 'item', 'owner', 'description'] %}
        {% if spec[key] is not none and (spec[key] is not string or not spec[key]) %}
            {% do ml_monitor._config_error(name, key, 'must be text, not ' ~ tojson(spec[key])) %}
        {% endif %}
    {% endfor %}
    {% do ml_monitor._validate_numbers(name, spec) %}
    {% do ml_monitor._validate_outcomes(name, spec, declared) %}
    {% do ml_monitor._validate_features(name, spec) %}
    {% do ml_monitor._validate_multivariate(name, spec) %}
    {% do ml_monitor._validate_labels(name, dict(spec, feedback=declared.feedback)) %}
    {% do ml_monitor._validate_behaviour(name, spec) %}
    {% do ml_monitor._validate_review(name, spec) %}
    {% do ml_monitor._validate_label_drift(name, spec) %}
    {% do ml_monitor._validate_segments(name, spec.segments) %}
    {% do ml_monitor._validate_custom_metrics(name, spec) %}
    {% do ml_monitor._validate_service(name, spec) %}
    {% do ml_monitor._validate_privacy(name, spec) %}
    {% do ml_monitor._validate_retention(name, spec) %}
    {% do ml_monitor._validate_reference(name, spec.reference, spec.window) %}
    {% do ml_monitor._validate_smoothing(name, spec.smoothing) %}
    {% do ml_monitor._validate_choice(name, 'alpha', spec.alpha, [0.05, 0.01, 0.001]) %}
    {% do ml_monitor._validate_healthy(name, spec.healthy) %}
    {% do ml_monitor._validate_estimation(name, spec) %}
    {% do ml_monitor._validate_retraining(name, spec.retraining, spec.rolling) %}
{% endmacro %}


{% macro _validate_choice(name, key, value, allowed) %}
    {% if value not in allowed %}
        {% do ml_monitor._config_error(name, key, tojson(value) ~ ' is not a choice', allowed) %}
    {% endif %}
{% endmacro %}


{% macro _validate_timezone(name, zone, key='timezone') %}
    {% if zone is not none and (zone is not string or zone not in modules.pytz.all_timezones) %}
        {% do ml_monitor._config_error(name, key, tojson(zone) ~ ' is not a time zone', ['a name of the IANA database, such as America/New_York', 'UTC']) %}
    {% endif %}
{% endmacro %}


{% macro _validate_chunks(name, spec) %}
    {% if spec.window == 'chunk' %}
        {% do ml_monitor._validate_whole_number(name, 'chunk_rows', spec.chunk_rows, 1) %}
        {% if spec.timezone %}
            {% do ml_monitor._config_error(name, 'timezone', 'has no meaning where windows are chunks of rows') %}
        {% endif %}
    {% elif spec.chunk_rows is not none %}
        {% do ml_monitor._config_error(name, 'chunk_rows', 'needs window: chunk, not ' ~ spec.window) %}
    {% endif %}
{% endmacro %}


{% macro _validate_whole_number(name, key, value, minimum, maximum=none) %}
    {% if value is not integer or value is boolean or value < minimum or (maximum is not none and value > maximum) %}
        {% set range = 'from ' ~ minimum ~ (' to ' ~ maximum if maximum is not none else '') %}
        {% do ml_monitor._config_error(name, key, tojson(value) ~ ' is not a whole number ' ~ range) %}
    {% endif %}
{% endmacro %}


{% macro _validate_numbers(name, spec) %}
    {% do ml_monitor._validate_whole_number(name, 'bins', spec.bins, 2, 100) %}
    {% do ml_monitor._validate_whole_number(name, 'categories', spec.categories, 1) %}
    {% do ml_monitor._validate_whole_number(name, 'score_decimals', spec.score_decimals, 1, 9) %}
    {% do ml_monitor._validate_whole_number(name, 'min_rows', spec.min_rows, 1) %}
    {% do ml_monitor._validate_whole_number(name, 'label_delay', spec.label_delay, 0) %}
    {% do ml_monitor._validate_whole_number(name, 'trailing_baseline', spec.trailing_baseline, 1, 400) %}
    {% if spec.lookback is not none %}
        {% do ml_monitor._validate_whole_number(name, 'lookback', spec.lookback, 1) %}
    {% endif %}
    {% if spec.rolling is string or spec.rolling is mapping or spec.rolling is not iterable %}
        {% do ml_monitor._config_error(name, 'rolling', 'must be a list of numbers of windows, such as [7, 30]') %}
    {% endif %}
    {% for span in spec.rolling %}
        {% do ml_monitor._validate_whole_number(name, 'rolling', span, 2, 400) %}
    {% endfor %}
    {% set alerting = ml_monitor._monitor_defaults().alerting %}
    {% for key in spec.alerting %}
        {% do ml_monitor._validate_choice(name, 'alerting', key, alerting.keys() | list) %}
        {% if key == 'quiet_hours' %}
            {% do ml_monitor._validate_quiet_hours(name, spec.alerting[key]) %}
        {% elif spec.alerting[key] is not none or key != 'open_within' %}
            {% do ml_monitor._validate_whole_number(name, 'alerting.' ~ key, spec.alerting[key], 1) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro _validate_features(name, spec) %}
    {% if spec.features is not mapping %}
        {% do ml_monitor._config_error(name, 'features', 'must map each feature to numeric or categorical') %}
    {% endif %}
    {% for feature, declared in spec.features.items() %}
        {% set key = 'features.' ~ feature %}
        {% if declared is mapping %}
            {% set options = ['type', 'seasonal', 'min', 'max', 'allowed'] %}
            {% for option in declared if option not in options %}
                {% do ml_monitor._config_error(name, key, option ~ ' is not an option', options) %}
            {% endfor %}
            {% do ml_monitor._validate_choice(name, key ~ '.seasonal', declared.get('seasonal', false), [true, false]) %}
        {% endif %}
        {% do ml_monitor._validate_choice(name, key, declared.get('type') if declared is mapping else declared, ['numeric', 'categorical']) %}
        {% if declared is mapping %}
            {% do ml_monitor._validate_bounds(name, key, declared) %}
        {% endif %}
    {% endfor %}
{% endmacro %}


{% macro _validate_reference(name, reference, window) %}
    {% set allowed = ['{relation: a_model}', '{from: date, to: date}', '{trailing: windows}', '{previous: 1}', '{same_weekday: weeks}', '{same_hour: days}', '{first: windows, per: model_version}', '{from: date, to: date, per: model_version}'] %}
    {% set keys = reference.keys() | sort | list if reference is mapping else [] %}
    {% if keys not in [['relation'], ['from', 'to'], ['trailing'], ['previous'], ['same_weekday'], ['same_hour'], ['first', 'per'], ['from', 'per', 'to']] %}
        {% do ml_monitor._config_error(name, 'reference', tojson(reference) ~ ' is not a kind of reference', allowed) %}
    {% endif %}
    {% if 'per' in keys %}
        {% do ml_monitor._validate_choice(name, 'reference.per', reference.per, ['model_version']) %}
    {% endif %}
    {% set windows = {'same_weekday': ['hour', 'day'], 'same_hour': ['hour']} %}
    {% if keys[0] in windows and window not in windows[keys[0]] %}
        {% do ml_monitor._config_error(name, 'reference.' ~ keys[0], 'needs windows of an hour' ~ (' or a day' if keys[0] == 'same_weekday') ~ ', not a ' ~ window) %}
    {% endif %}
    {% if keys[0] in ['first', 'trailing', 'previous', 'same_weekday', 'same_hour'] %}
        {% do ml_monitor._validate_whole_number(name, 'reference.' ~ keys[0], reference[keys[0]], 1, 400) %}
    {% elif 'from' in keys %}
        {% do ml_monitor._period(name, 'reference', reference) %}
    {% endif %}
{% endmacro %}


{% macro _validate_healthy(name, healthy) %}
    {% set keys = healthy.keys() | sort | list if healthy is mapping else [] %}
    {% if keys not in [['windows'], ['from', 'to'], ['from', 'to', 'windows']] %}
        {% do ml_monitor._config_error(name, 'healthy', tojson(healthy) ~ ' is not a choice', ['{windows: 28}', '{from: date, to: date}']) %}
    {% endif %}
    {% if 'windows' in keys %}
        {% do ml_monitor._validate_whole_number(name, 'healthy.windows', healthy.windows, 7) %}
    {% else %}
        {% do ml_monitor._period(name, 'healthy', healthy) %}
    {% endif %}
{% endmacro %}


{% macro _validate_smoothing(name, smoothing) %}
    {% set floor = smoothing.floor if smoothing is mapping and smoothing.keys() | list == ['floor'] else none %}
    {% if smoothing != 'jeffreys' and not (floor is number and 0 < floor < 0.1) %}
        {% do ml_monitor._config_error(name, 'smoothing', tojson(smoothing) ~ ' is not a choice', ['jeffreys', '{floor: a share between 0 and 0.1}']) %}
    {% endif %}
{% endmacro %}
