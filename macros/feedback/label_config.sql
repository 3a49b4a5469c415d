{#- What `labels` of a monitor may say. Resolved labels are the label log of a monitor that declares them, in place of `feedback`. -#}

{% macro _validate_labels(name, spec) %}
    {%- set declared = spec.labels -%}
    {%- if declared -%}
        {%- do ml_monitor._validate_mapping(name, 'labels', declared, ['sources', 'rules', 'min_weight']) -%}
        {%- if spec.feedback -%}
            {%- do ml_monitor._config_error(name, 'feedback', 'is what labels makes: declare the label log as a source', ['labels: {sources: {outcomes: {relation: ' ~ spec.feedback ~ '}}}']) -%}
        {%- endif -%}
        {%- if declared.sources is not mapping or not declared.sources -%}
            {%- do ml_monitor._config_error(name, 'labels.sources', 'must map each source that is believed to its options', ['{experts: {priority: 1, trust: 0.9}, users: {priority: 2}}']) -%}
        {%- endif -%}
        {%- for source, options in declared.sources.items() -%}
            {%- do ml_monitor._validate_label_source(name, 'labels.sources.' ~ source, options or {}) -%}
        {%- endfor -%}
        {%- do ml_monitor._validate_weight(name, 'labels.min_weight', declared.get('min_weight', 0.5)) -%}
        {%- if declared.get('rules', {}) is not mapping -%}
            {%- do ml_monitor._config_error(name, 'labels.rules', 'must map the name of each rule to {kind, label or means, …}') -%}
        {%- endif -%}
        {%- for rule, options in declared.get('rules', {}).items() -%}
            {%- do ml_monitor._validate_label_rule(name, 'labels.rules.' ~ rule, options, spec) -%}
        {%- endfor -%}
        {%- set taken = ml_monitor.label_columns().keys() | list -%}
        {%- for key in ['prediction_id', 'label', 'labelled_at'] if spec[key] in taken -%}
            {%- do ml_monitor._config_error(name, key, tojson(spec[key]) ~ ' is a column of its own in the resolved labels: rename it in the prediction log') -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}


{% macro _with_label_log(name, spec) %}
    {#- The resolved labels are the label log of a monitor that declares them. -#}
    {{ return(dict(spec, feedback=name ~ '__labels') if spec.labels else spec) }}
{% endmacro %}


{% macro _validate_mapping(name, key, value, allowed) %}
    {% if value is not mapping %}
        {% do ml_monitor._config_error(name, key, 'must be a mapping', allowed) %}
    {% endif %}
    {% for option in value if option not in allowed %}
        {% do ml_monitor._config_error(name, key, option ~ ' is not an option', allowed) %}
    {% endfor %}
{% endmacro %}


{% macro _validate_weight(name, key, value) %}
    {% if value is not number or value is boolean or value < 0 or value > 1 %}
        {% do ml_monitor._config_error(name, key, tojson(value) ~ ' is not a number from 0 to 1') %}
    {% endif %}
{% endmacro %}


{% macro _validate_label_source(name, key, options) %}
    {% do ml_monitor._validate_mapping(name, key, options, ['priority', 'trust', 'votes', 'relation', 'reviewer']) %}
    {% do ml_monitor._validate_whole_number(name, key ~ '.priority', options.get('priority', 1), 1, 1000) %}
    {% do ml_monitor._validate_weight(name, key ~ '.trust', options.get('trust', 1)) %}
    {% do ml_monitor._validate_choice(name, key ~ '.votes', options.get('votes', 'latest'), ['latest', 'reviewers']) %}
    {% for text in ['relation', 'reviewer'] if text in options and (options[text] is not string or not options[text]) %}
        {% do ml_monitor._config_error(name, key ~ '.' ~ text, 'must be text, not ' ~ tojson(options[text])) %}
    {% endfor %}
    {% if options.get('votes') == 'reviewers' and 'relation' in options and 'reviewer' not in options %}
        {% do ml_monitor._config_error(name, key ~ '.votes', 'needs reviewer, the column of the relation that says who judged') %}
    {% endif %}
    {% if 'reviewer' in options and 'relation' not in options %}
        {% do ml_monitor._config_error(name, key ~ '.reviewer', 'is a column of a relation: events have their reviewer') %}
    {% endif %}
{% endmacro %}


{% macro _validate_label_rule(name, key, options, spec) %}
    {%- set kinds = ['thumb', 'rating', 'click', 'dwell', 'requery', 'abandonment', 'complaint'] -%}
    {%- do ml_monitor._validate_mapping(name, key, options, ['kind', 'label', 'means', 'at_least', 'at_most', 'weight', 'sources']) -%}
    {%- do ml_monitor._validate_choice(name, key ~ '.kind', options.kind, kinds) -%}
    {%- if ('label' in options) == ('means' in options) -%}
        {%- do ml_monitor._config_error(name, key, 'needs either label, a value, or means', ['label: 1', 'means: right', 'means: wrong (binary)']) -%}
    {%- endif -%}
    {%- if 'means' in options -%}
        {%- set meanings = {'binary': ['right', 'wrong'], 'multiclass': ['right'], 'regression': ['right'], 'ranking': []}[spec.task] -%}
        {%- do ml_monitor._validate_choice(name, key ~ '.means', options.means, meanings) -%}
    {%- elif options.label is mapping or options.label is none or (options.label is iterable and options.label is not string) -%}
        {%- do ml_monitor._config_error(name, key ~ '.label', 'must be one label, not ' ~ tojson(options.label)) -%}
    {%- endif -%}
    {%- for end in ['at_least', 'at_most'] if end in options and (options[end] is not number or options.kind not in ['thumb', 'rating', 'dwell']) -%}
        {%- do ml_monitor._config_error(name, key ~ '.' ~ end, 'is a number about the value of a thumb (1 up, 0 down), rating or dwell (seconds)') -%}
    {%- endfor -%}
    {%- do ml_monitor._validate_weight(name, key ~ '.weight', options.get('weight', 0.5)) -%}
    {%- set events = ml_monitor._event_sources(spec.labels.sources) -%}
    {%- if not events -%}
        {%- do ml_monitor._config_error(name, key, 'is about events, and every source of labels.sources has a relation') -%}
    {%- endif -%}
    {%- if 'sources' in options and (options.sources is string or not options.sources) -%}
        {%- do ml_monitor._config_error(name, key ~ '.sources', 'must be a list of sources', events) -%}
    {%- endif -%}
    {%- for source in options.get('sources', []) -%}
        {%- do ml_monitor._validate_choice(name, key ~ '.sources', source, events) -%}
    {%- endfor -%}
{% endmacro %}


{% macro _event_sources(sources) %}
    {#- The sources whose labels are events; the others have a relation. -#}
    {%- set names = [] -%}
    {%- for source, options in sources.items() if not (options or {}).get('relation') -%}{%- do names.append(source) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{% macro _resolved_labels(spec) %}
    {#- With every default. -#}
    {%- if not spec.labels -%}{{ return(none) }}{%- endif -%}
    {%- set sources, rules = {}, {} -%}
    {%- for source, options in spec.labels.sources.items() -%}
        {%- do sources.update({source: dict({'priority': 1, 'trust': 1, 'votes': 'latest', 'relation': none, 'reviewer': none}, **(options or {}))}) -%}
    {%- endfor -%}
    {%- for rule, options in spec.labels.get('rules', {}).items() -%}
        {%- do rules.update({rule: dict({'weight': 0.5, 'sources': ml_monitor._event_sources(spec.labels.sources)}, **options)}) -%}
    {%- endfor -%}
    {{ return({'sources': sources, 'rules': rules, 'min_weight': spec.labels.get('min_weight', 0.5)}) }}
{% endmacro %}


{% macro label_columns() %}
    {#- Of <monitor>__labels, beside the three that the monitor names: column -> type. -#}
    {{ return({
        'monitor': 'text', 'prediction_key': 'text', 'heard_at': 'timestamp', 'status': 'text', 'candidate': 'text', 'weight': 'double', 'agreement': 'double', 'n_votes': 'bigint',
        'n_labels': 'bigint', 'is_weak': 'boolean', 'source': 'text', 'rule': 'text', 'votes': 'text', 'event_ids': 'text', 'is_current': 'boolean',
    }) }}
{% endmacro %}
