{% macro monitor(name) %}
    {#- The resolved configuration of one monitor: defaults, then what the user declared, validated. -#}
    {% set declared = var('ml_monitor__monitors', {}) %}
    {% if name not in declared %}
        {% do ml_monitor._config_error(name, 'name', 'is not declared in vars.ml_monitor__monitors', ml_monitor.monitor_names()) %}
    {% endif %}
    {% do ml_monitor._validate_monitor(name, declared[name]) %}
    {% set spec = dict(ml_monitor._monitor_defaults(), **declared[name]) %}
    {% if spec.task != 'binary' %}
        {% do spec.update({'score': none}) %}
    {% endif %}
    {% if spec.reference.from is defined %}
        {% do spec.update({'reference': {'from': ml_monitor._iso(spec.reference.from), 'to': ml_monitor._iso(spec.reference.to)}}) %}
    {% endif %}
    {% do spec.update({'healthy': dict(ml_monitor._monitor_defaults().healthy, **spec.healthy)}) %}
    {% if spec.healthy.from %}
        {% do spec.healthy.update({'from': ml_monitor._iso(spec.healthy.from), 'to': ml_monitor._iso(spec.healthy.to)}) %}
    {% endif %}
    {% do spec.update({'alerting': dict(ml_monitor._monitor_defaults().alerting, **spec.alerting)}) %}
    {% set variables = ml_monitor._monitored_variables(spec) %}
    {% set segment_columns = {} %}
    {% for segment in spec.segments %}
        {% do segment_columns.update({segment: [segment]} if segment is string else {segment | join(' x '): segment}) %}
    {% endfor %}
    {% do spec.update({'name': name, 'segments': segment_columns.keys() | list, 'segment_columns': segment_columns}) %}
    {% set custom = ml_monitor.custom_metrics(spec) %}
    {% do spec.update({
        'variables': variables,
        'thresholds': ml_monitor._resolve_thresholds(name, spec),
        'edge_set_id': ml_monitor._edge_set_id(spec, variables),
        'metric_spec_id': local_md5(tojson([spec.rolling, spec.smoothing, spec.trailing_baseline, spec.task, ml_monitor.metric_version()], sort_keys=true)),
        'custom_spec_id': local_md5(tojson([spec.rolling, custom.metrics | map(attribute='metric_id') | sort], sort_keys=true)),
    }) %}
    {{ return(spec) }}
{% endmacro %}


{% macro _monitored_variables(spec) %}
    {#- What gets a distribution profile: the features, the prediction and, for classifiers, the score. -#}
    {% set variables = [] %}
    {% for feature, declared in spec.features.items() %}
        {% do variables.append({
            'name': feature,
            'column': feature,
            'type': declared.type if declared is mapping else declared,
            'seasonal': declared.get('seasonal', false) if declared is mapping else false,
        }) %}
    {% endfor %}
    {% if spec.score %}
        {% do variables.append({'name': '__score__', 'column': spec.score, 'type': 'numeric', 'seasonal': false}) %}
    {% endif %}
    {% set prediction_type = 'numeric' if spec.task == 'regression' else 'categorical' %}
    {% do variables.append({'name': '__prediction__', 'column': spec.prediction, 'type': prediction_type, 'seasonal': false}) %}
    {{ return(variables) }}
{% endmacro %}


{% macro _edge_set_id(spec, variables) %}
    {% set columns = [] %}
    {% for variable in variables %}
        {% do columns.append([variable.name, variable.column, variable.type]) %}
    {% endfor %}
    {#- Bins are frozen under this id: whatever changes what a bin means changes the id. -#}
    {{ return(local_md5(tojson([spec.predictions, spec.reference, columns, spec.bins, spec.categories, spec.segments], sort_keys=true))) }}
{% endmacro %}


{% macro metric_version() %}
    {#- Raised when a release changes what a metric is: every window is then computed again. -#}
    {{ return(2) }}
{% endmacro %}
