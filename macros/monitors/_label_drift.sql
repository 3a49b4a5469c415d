{% macro _validate_label_drift(name, spec) %}
    {% do ml_monitor._validate_choice(name, 'label_drift', spec.label_drift, [true, false]) %}
    {% if spec.label_drift and not spec.feedback %}
        {% do ml_monitor._config_error(name, 'label_drift', 'needs feedback: labels come from there') %}
    {% endif %}
{% endmacro %}


{% macro _label_variable(spec) %}
    {#- The label as a drift variable: a class, or the number of a regression or ranking. -#}
    {% if not spec.label_drift %}{{ return(none) }}{% endif %}
    {{ return({
        'name': '__label__',
        'column': spec.label,
        'type': 'categorical' if spec.task in ['binary', 'multiclass'] else 'numeric',
        'seasonal': false,
        'bounds': {},
    }) }}
{% endmacro %}


{% macro compared_variables(spec) %}
    {#- Everything whose distribution is compared. -#}
    {{ return(spec.variables + ([spec.label_variable] if spec.label_variable else [])) }}
{% endmacro %}
