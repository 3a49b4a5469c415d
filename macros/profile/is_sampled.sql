{% macro is_sampled(id, n_rows) %}
    {#- Counting every value costs several profiles. So of `n_rows` rows between 1,000 and 16,000 are looked at: all, or those whose hash begins
        with enough zeros. The hash of an id, because the same rows must be drawn again when the window is computed again. -#}
    {%- set hash = ml_monitor.md5(id) -%}
    case
        when {{ n_rows }} <= 16000 then 1
        {%- for zeros in range(1, 6) %}
        when {{ n_rows }} <= {{ 16000 * 16 ** zeros }} then case when substr({{ hash }}, 1, {{ zeros }}) = '{{ '0' * zeros }}' then 1 end
        {%- endfor %}
    end = 1
{%- endmacro %}
