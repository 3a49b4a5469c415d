{% macro monitor(name) %}
    {#- The resolved configuration of one monitor. Every model asks for it, many times, so it is kept beside the declaration, which dbt reads
        anew in every run: with a hundred monitors resolving them again would be most of the run. -#}
    {% set declared = var('ml_monitor__monitors', {}) %}
    {% if name not in declared %}
        {% do ml_monitor._config_error(name, 'name', 'is not declared in vars.ml_monitor__monitors', ml_monitor.monitor_names()) %}
    {% endif %}
    {% if declared[name] is not mapping or '__resolved__' not in declared[name] %}
        {#- Of a copy: another thread of dbt may keep its own result beside the declaration while this one reads it. -#}
        {% set own = dict(declared[name]) if declared[name] is mapping else declared[name] %}
        {% do own.pop('__resolved__', none) if own is mapping %}
        {% set spec = ml_monitor._resolved_monitor(name, own) %}
        {% do declared[name].update({'__resolved__': spec}) %}
    {% endif %}
    {{ return(declared[name]['__resolved__']) }}
{% endmacro %}


{% macro _resolved_monitor(name, declared) %}
    {#- Defaults, then what the user declared, validated. -#}
    {% do ml_monitor._validate_monitor(name, declared) %}
    {% set spec = dict(ml_monitor._monitor_defaults(), **declared) %}
    {% set spec = ml_monitor._with_label_log(name, spec) %}
    {% do spec.update({'labels': ml_monitor._resolved_labels(spec), 'behaviour': ml_monitor._resolved_behaviour(spec), 'review': ml_monitor._resolved_review(spec)}) %}
    {% do ml_monitor._drop_unused_columns(spec) %}
    {% if spec.reference.from is defined %}
        {% do spec.update({'reference': dict(spec.reference, **ml_monitor._period(name, 'reference', spec.reference))}) %}
    {% endif %}
    {% do spec.update({'healthy': dict(ml_monitor._monitor_defaults().healthy, **spec.healthy)}) %}
    {% if spec.healthy.from %}
        {% do spec.healthy.update(ml_monitor._period(name, 'healthy', spec.healthy)) %}
    {% endif %}
    {% do spec.update(ml_monitor._resolved_estimation(name, spec)) %}
    {% do spec.update({'alerting': dict(ml_monitor._monitor_defaults().alerting, **spec.alerting)}) %}
    {% set variables = ml_monitor._monitored_variables(spec) %}
    {% do spec.update({'name': name}) %}
    {% if spec.chunk_rows %}
        {% do spec.update({'window': {'unit': 'chunk', 'model': name ~ '__chunks'}}) %}
    {% endif %}
    {% set private = spec.privacy is not none %}
    {% do spec.update({'privacy': ml_monitor._resolved_privacy(spec.privacy)}) %}
    {% do spec.update(ml_monitor._resolve_segments(spec.segments, spec.privacy.minimum_cell if private else 0)) %}
    {% set edge_set_id = ml_monitor._edge_set_id(spec, variables) %}
    {% set multivariate = ml_monitor._multivariate_features(spec) %}
    {% set custom = ml_monitor.custom_metrics(spec) %}
    {% do spec.update({
        'variables': variables,
        'label_variable': ml_monitor._label_variable(spec),
        'thresholds': ml_monitor._resolve_thresholds(name, spec),
        'edge_set_id': edge_set_id,
        'multivariate': multivariate,
        'moment_set_id': local_md5(tojson([edge_set_id, multivariate])) if multivariate else none,
        'outcome_spec_id': ml_monitor._outcome_spec_id(spec),
        'metric_spec_id': local_md5(tojson([
            spec.rolling, spec.smoothing, spec.trailing_baseline, spec.task, spec.beta, spec.lift_at, spec.classes, ml_monitor.metric_version(),
        ], sort_keys=true)),
        'service_id': ml_monitor.service_id(spec) if spec.service else none,
        'service_spec_id': local_md5(tojson([spec.rolling, spec.service], sort_keys=true)) if spec.service else none,
        'custom_spec_id': local_md5(tojson([spec.rolling, custom.metrics | map(attribute='metric_id') | sort], sort_keys=true)),
    }) %}
    {{ return(spec) }}
{% endmacro %}


{% macro _drop_unused_columns(spec) %}
    {#- Columns of other tasks have defaults too: what this one has no use for is not read. -#}
    {% set unused = {
        'binary': ['query_id', 'item', 'lower', 'upper', 'expected_error'], 'multiclass': ['score', 'query_id', 'item', 'lower', 'upper', 'expected_error'],
        'regression': ['score', 'query_id', 'item'], 'ranking': ['prediction', 'lower', 'upper', 'expected_error'],
    } %}
    {% for key in unused[spec.task] %}
        {% do spec.update({key: none}) %}
    {% endfor %}
{% endmacro %}


{% macro _monitored_variables(spec) %}
    {#- What gets a distribution profile: the features, the prediction and, for classifiers, the score; of many classes the score of each,
        as far as classes have figures of their own: a table has only so many columns. -#}
    {% set variables = [] %}
    {% for feature, declared in spec.features.items() %}
        {% do variables.append({
            'name': feature,
            'column': feature,
            'type': declared.type if declared is mapping else declared,
            'seasonal': declared.get('seasonal', false) if declared is mapping else false,
            'bounds': ml_monitor._declared_bounds(declared),
        }) %}
    {% endfor %}
    {% if spec.score %}
        {% do variables.append({'name': '__score__', 'column': spec.score, 'type': 'numeric', 'seasonal': false, 'bounds': {}}) %}
    {% endif %}
    {% for class, column in (spec.scores.items() | list)[:spec.classes] %}
        {% do variables.append({'name': '__score__:' ~ class, 'column': column, 'type': 'numeric', 'seasonal': false, 'bounds': {}}) %}
    {% endfor %}
    {% if spec.prediction %}
        {% set prediction_type = 'numeric' if spec.task == 'regression' else 'categorical' %}
        {% do variables.append({'name': '__prediction__', 'column': spec.prediction, 'type': prediction_type, 'seasonal': false, 'bounds': {}}) %}
    {% endif %}
    {{ return(variables) }}
{% endmacro %}


{% macro _edge_set_id(spec, variables) %}
    {% set columns = [] %}
    {% for variable in variables %}
        {% do columns.append([variable.name, variable.column, variable.type, variable.bounds]) %}
    {% endfor %}
    {#- Bins are frozen under this id: whatever changes what a bin or a count of the profile means changes the id. -#}
    {{ return(local_md5(tojson([spec.predictions, spec.reference, columns, spec.bins, spec.categories, spec.segment_columns, spec.segment_limits,
        ml_monitor.profile_version()] + ([spec.timezone] if spec.timezone else []) + ([spec.chunk_rows] if spec.chunk_rows else [])
        + ml_monitor._if_private(spec), sort_keys=true))) }}
{% endmacro %}


{% macro _if_private(spec) %}
    {#- Part of an id, only where privacy is on: the others keep theirs. -#}
    {{ return([spec.privacy] if spec.privacy.minimum_cell > 1 else []) }}
{% endmacro %}


{% macro profile_version() %}
    {#- Raised when a release counts something else: logs are then profiled again. -#}
    {{ return(2) }}
{% endmacro %}


{% macro _outcome_spec_id(spec) %}
    {#- Whatever changes what the outcome profile counts: windows that the log still has are then profiled again. The behaviour profile counts again
        what this one does. -#}
    {{ return(local_md5(tojson([
        spec.task, spec.score, spec.prediction, spec.label, spec.positive, spec.scores, spec.lower, spec.upper, spec.query_id, spec.item,
        spec.quantile, spec.k, spec.score_decimals, spec.segments, ml_monitor.metric_version(),
    ] + ([spec.timezone] if spec.timezone else []) + ([spec.chunk_rows] if spec.chunk_rows else [])
        + ([spec.expected_error] if spec.expected_error else []) + ([spec.labels] if spec.labels else [])
        + ([spec.behaviour.request_id, spec.behaviour.raters] if spec.behaviour else []) + ml_monitor._if_private(spec), sort_keys=true))) }}
{% endmacro %}


{% macro metric_version() %}
    {#- Raised when a release changes what a metric is: every window is then computed again. -#}
    {{ return(7) }}
{% endmacro %}
