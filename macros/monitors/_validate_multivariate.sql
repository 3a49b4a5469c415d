{% macro _validate_multivariate(name, spec) %}
    {%- set declared = spec.multivariate -%}
    {%- set numeric = ml_monitor._numeric_features(spec) -%}
    {%- if declared is not boolean and (declared is string or declared is mapping or declared is not iterable) -%}
        {%- do ml_monitor._config_error(name, 'multivariate', tojson(declared) ~ ' is not a choice', ['true', 'false', 'a list of numeric features']) -%}
    {%- endif -%}
    {%- for feature in (declared if declared is not boolean else []) if feature not in numeric or (declared | list).count(feature) > 1 -%}
        {%- do ml_monitor._config_error(name, 'multivariate', tojson(feature) ~ ' is not a numeric feature of this monitor, or is listed twice', numeric) -%}
    {%- endfor -%}
    {%- set chosen = ml_monitor._multivariate_features(spec) -%}
    {%- if declared is not sameas false and chosen | length < 2 -%}
        {%- do ml_monitor._config_error(name, 'multivariate', 'needs two numeric features or more, and there are ' ~ chosen | length, numeric) -%}
    {%- elif chosen | length > 20 -%}
        {%- do ml_monitor._config_error(name, 'multivariate', chosen | length ~ ' features are too many, because every pair of them is summed: list 20 or fewer', numeric) -%}
    {%- endif -%}
{% endmacro %}


{% macro _numeric_features(spec) %}
    {%- set names = [] -%}
    {%- for feature, declared in spec.features.items() if (declared.type if declared is mapping else declared) == 'numeric' -%}
        {%- do names.append(feature) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{% macro _multivariate_features(spec) %}
    {#- The features that are looked at together: none when the option is off, all numeric ones when it is only switched on. -#}
    {%- if spec.multivariate is boolean -%}
        {{ return(ml_monitor._numeric_features(spec) if spec.multivariate else []) }}
    {%- endif -%}
    {{ return(spec.multivariate | list) }}
{% endmacro %}
