{% macro _config_error(monitor, key, problem, allowed=none) %}
    {#- One form for every configuration error: which monitor, which key, what is wrong, what is allowed. -#}
    {% set hint = ' Allowed: ' ~ allowed | join(', ') ~ '.' if allowed is not none else '' %}
    {{ exceptions.raise_compiler_error("ml_monitor: monitor '" ~ monitor ~ "', key '" ~ key ~ "': " ~ problem ~ "." ~ hint) }}
{% endmacro %}
