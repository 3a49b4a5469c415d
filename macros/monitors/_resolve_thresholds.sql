{% macro _resolve_thresholds(name, spec) %}
    {#- Declared thresholds over the defaults, each checked against the metric catalogue. `metric: null` switches one off. -#}
    {% set catalogue = ml_monitor.metrics_of(spec) %}
    {% if spec.thresholds is not mapping %}
        {% do ml_monitor._config_error(name, 'thresholds', 'must map metrics to {warn, alert, over}', catalogue.keys() | list) %}
    {% endif %}
    {% set resolved = [] %}
    {% for metric, declared in dict(ml_monitor._default_thresholds(), **spec.thresholds).items() %}
        {% if metric not in catalogue %}
            {% do ml_monitor._config_error(name, 'thresholds.' ~ metric, 'is not a metric', catalogue.keys() | list) %}
        {% elif spec.task not in catalogue[metric].tasks and metric not in spec.thresholds %}
            {#- A default of other tasks. #}
        {% elif spec.task not in catalogue[metric].tasks %}
            {% do ml_monitor._config_error(name, 'thresholds.' ~ metric, 'does not fit task ' ~ spec.task) %}
        {% elif declared is not none and catalogue[metric].needs == 'multivariate' and spec.multivariate is sameas false %}
            {% do ml_monitor._config_error(name, 'thresholds.' ~ metric, 'needs the option multivariate', ['multivariate: true', 'multivariate: a list of numeric features']) %}
        {% elif declared is not none and catalogue[metric].needs == 'service' and not ml_monitor.measures_service(spec, metric) %}
            {% do ml_monitor._config_error(name, 'thresholds.' ~ metric, 'needs a column of the log that says it', ['service: {latency_ms: column}', 'service: {error: column, timeout: column}', 'service: {status: column}']) %}
        {% elif declared is not none and catalogue[metric].needs == 'behaviour' and not spec.behaviour %}
            {% do ml_monitor._config_error(name, 'thresholds.' ~ metric, 'needs the option behaviour', ['behaviour: true']) %}
        {% elif declared is not none %}
            {% do ml_monitor._validate_threshold(name, metric, declared, spec, catalogue[metric].breaches) %}
            {% if metric in spec.thresholds %}
                {% do ml_monitor._validate_metric_fits(name, catalogue[metric], declared, spec) %}
            {% endif %}
            {% do resolved.append({
                'metric': metric,
                'direction': catalogue[metric].breaches,
                'warn': declared.get('warn'),
                'alert': declared.get('alert'),
                'over': declared.get('over', 1),
                'by_segment': declared.get('by_segment', false) or declared.get('segments', {}) | length > 0,
                'test': declared.get('test', 'material' if metric in ml_monitor.psi_metrics() and declared.get('rule', 'value') == 'value' else 'value'),
                'options': ml_monitor._chosen(declared, ml_monitor._rule_options()),
                'overrides': ml_monitor._rule_overrides(name, 'thresholds.' ~ metric, declared, spec),
            }) %}
        {% endif %}
    {% endfor %}
    {{ return(resolved) }}
{% endmacro %}


{% macro _validate_threshold(name, metric, declared, spec, breaches) %}
    {% set key = 'thresholds.' ~ metric %}
    {% set allowed = ['warn', 'alert', 'over', 'by_segment', 'test', 'features', 'segments'] + ml_monitor._rule_options() %}
    {% if declared is not mapping or not (declared.get('warn') is number or declared.get('alert') is number) %}
        {% do ml_monitor._config_error(name, key, 'needs a number for warn, alert or both', allowed) %}
    {% endif %}
    {% for option in declared if option not in allowed %}
        {% do ml_monitor._config_error(name, key, option ~ ' is not an option', allowed) %}
    {% endfor %}
    {% do ml_monitor._validate_rule(name, key, declared, allowed) %}
    {% set relative = declared.get('rule', 'value') != 'value' or declared.get('side') == 'both' %}
    {% set breaches = 'above' if relative else declared.get('side', breaches) %}
    {% set warn, alert = declared.get('warn'), declared.get('alert') %}
    {% if warn is number and alert is number and (warn < alert if breaches == 'below' else warn > alert) %}
        {% set beyond = 'a distance above' if breaches == 'both' else breaches %}
        {% do ml_monitor._config_error(name, key, 'would alert before it warns: ' ~ beyond ~ ' ' ~ warn ~ ' warns, ' ~ beyond ~ ' ' ~ alert ~ ' alerts') %}
    {% endif %}
    {% do ml_monitor._validate_choice(name, key ~ '.test', declared.get('test', 'value'), ['material', 'value'] if metric in ml_monitor.psi_metrics() else ['value']) %}
    {% if declared.get('over', 1) not in [1] + spec.rolling %}
        {% do ml_monitor._config_error(name, key ~ '.over', tojson(declared.over) ~ ' is not a span of this monitor', [1] + spec.rolling) %}
    {% endif %}
{% endmacro %}


{% macro _chosen(mapping, keys) %}
    {#- The entries of a mapping that have one of the keys and a value. -#}
    {% set chosen = {} %}
    {% for key in keys if mapping.get(key) is not none %}
        {% do chosen.update({key: mapping[key]}) %}
    {% endfor %}
    {{ return(chosen) }}
{% endmacro %}
