{% macro alert_rules(spec) %}
    {#- Every rule of a monitor, most general first: that of a metric, then what features and segments declare differently. A rule
        inherits what it does not declare from the metric's, and that from `alerting`. -#}
    {% set rules = [] %}
    {% for threshold in spec.thresholds %}
        {% set base = ml_monitor._rule(spec, threshold, {}) %}
        {% do rules.append(base) %}
        {% for place, declared in threshold.overrides.segments.items() %}
            {% set parts = place.split('=', 1) %}
            {% set at = {'segment': parts[0], 'segment_value': parts[1] if parts | length > 1 else none, 'specificity': parts | length} %}
            {% do rules.append(ml_monitor._rule(spec, threshold, declared, at)) %}
        {% endfor %}
        {% for feature, declared in threshold.overrides.features.items() %}
            {% do rules.append(ml_monitor._rule(spec, threshold, declared, {'feature': feature, 'specificity': 3})) %}
        {% endfor %}
    {% endfor %}
    {{ return(rules) }}
{% endmacro %}


{% macro _rule(spec, threshold, declared, place={}) %}
    {#- `declared: null` switches the rule off at that place. -#}
    {% set inherited = dict({'direction': threshold.direction, 'baseline': 28}, **threshold.options) %}
    {% do inherited.update({'warn': threshold.warn, 'alert': threshold.alert, 'metric': threshold.metric, 'over': threshold.over, 'by_segment': threshold.by_segment}) %}
    {% set rule = dict({'feature': none, 'segment': none, 'segment_value': none, 'specificity': 0}, **spec.alerting) %}
    {% do rule.update({'owner': spec.owner, 'severity': 'alert', 'route': none, 'clear': none, 'rule': 'value'}) %}
    {% do rule.update(inherited) %}
    {% do rule.update(declared or {}) %}
    {% do rule.update(place) %}
    {% do rule.update({
        'rule': 'off' if declared is none else rule.rule,
        'direction': rule.get('side') or rule.direction,
        'open_within': [rule.open_after, rule.open_within or 0] | max,
    }) %}
    {{ return(rule) }}
{% endmacro %}


{% macro _rule_options() %}
    {{ return(['rule', 'side', 'clear', 'baseline', 'open_after', 'open_within', 'resolve_after', 'renotify_after', 'severity', 'owner', 'route']) }}
{% endmacro %}


{% macro _rule_overrides(name, key, declared, spec) %}
    {#- What single features and segments declare, checked. -#}
    {% set allowed = ['warn', 'alert'] + ml_monitor._rule_options() %}
    {% set places = {'features': spec.features.keys() | list + ml_monitor._output_names(spec) + ['__all__'], 'segments': spec.segments} %}
    {% set overrides = {} %}
    {% for kind, known in places.items() %}
        {% set rules = declared.get(kind, {}) %}
        {% if rules is not mapping %}
            {% do ml_monitor._config_error(name, key ~ '.' ~ kind, 'must map ' ~ kind ~ ' to what is different there', known) %}
        {% endif %}
        {% for place, rule in rules.items() %}
            {% do ml_monitor._validate_choice(name, key ~ '.' ~ kind, (place | string).split('=', 1)[0] if kind == 'segments' else place, known) %}
            {% if rule is not none %}
                {% do ml_monitor._validate_rule(name, key ~ '.' ~ kind ~ '.' ~ place, rule, allowed) %}
            {% endif %}
        {% endfor %}
        {% do overrides.update({kind: rules}) %}
    {% endfor %}
    {{ return(overrides) }}
{% endmacro %}


{% macro _validate_rule(name, key, declared, allowed) %}
    {% if declared is not mapping %}
        {% do ml_monitor._config_error(name, key, 'must be a mapping', allowed) %}
    {% endif %}
    {% for option in declared %}
        {% do ml_monitor._validate_choice(name, key, option, allowed) %}
    {% endfor %}
    {% do ml_monitor._validate_choice(name, key ~ '.rule', declared.get('rule', 'value'), ['value', 'sigma', 'percentile', 'robust', 'relative']) %}
    {% do ml_monitor._validate_choice(name, key ~ '.side', declared.get('side', 'above'), ['above', 'below', 'both']) %}
    {% do ml_monitor._validate_choice(name, key ~ '.severity', declared.get('severity', 'alert'), ['warning', 'alert']) %}
    {% for option in ['warn', 'alert', 'clear'] if declared.get(option) is not none and (declared[option] is not number or declared[option] is boolean) %}
        {% do ml_monitor._config_error(name, key ~ '.' ~ option, tojson(declared[option]) ~ ' is not a number') %}
    {% endfor %}
    {% for option in ['owner', 'route'] if declared.get(option) is not none and declared[option] is not string %}
        {% do ml_monitor._config_error(name, key ~ '.' ~ option, 'must be text') %}
    {% endfor %}
    {% if declared.get('rule') == 'percentile' %}
        {% for level in ['warn', 'alert', 'clear'] if declared.get(level) is not none and not (0 < declared[level] < 100) %}
            {% do ml_monitor._config_error(name, key ~ '.' ~ level, 'is not a percentile: between 0 and 100, both excluded') %}
        {% endfor %}
    {% endif %}
    {% for option in ['baseline', 'open_after', 'open_within', 'resolve_after', 'renotify_after'] if declared.get(option) is not none %}
        {% do ml_monitor._validate_whole_number(name, key ~ '.' ~ option, declared[option], 5 if option == 'baseline' else 1, 400) %}
    {% endfor %}
{% endmacro %}
