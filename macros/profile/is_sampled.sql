{% macro is_sampled(id, n_rows, most=16000) %}
    {#- Counting every value costs several profiles, and exact quantiles keep every value. So of `n_rows` rows between a sixteenth of `most` and `most`
        are looked at: all, or those whose hash begins with enough zeros. The hash of an id, because the same rows must be drawn again when the
        window is computed again. -#}
    {%- set hash = ml_monitor.md5(id) -%}
    case
        when {{ n_rows }} <= {{ most }} then 1
        {%- for zeros in range(1, 6) %}
        when {{ n_rows }} <= {{ most * 16 ** zeros }} then case when substr({{ hash }}, 1, {{ zeros }}) = '{{ '0' * zeros }}' then 1 end
        {%- endfor %}
    end = 1
{%- endmacro %}
