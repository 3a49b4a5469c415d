{% macro code_version(spec) %}
    {#- What identifies the code that judges a monitor: this package, the project as it calls itself (a commit, a tag, an image), and the
        monitor's configuration. It is what dbt knows while it compiles, so no query and no hook asks for it. -#}
    {% set declared = var('ml_monitor__code_version', none) or env_var('ML_MONITOR_CODE_VERSION', '') or 'of no declared version' %}
    {{ return([
        'ml_monitor ' ~ ml_monitor.package_version(),
        project_name ~ ' ' ~ declared,
        'configuration ' ~ local_md5(tojson(spec, sort_keys=true))[:12],
    ] | join('; ')) }}
{% endmacro %}


{% macro package_version() %}{{ return('0.1.0') }}{% endmacro %}
