{% macro is_sampled(hash, n_rows, most=16000, zeros=5) %}
    {#- Counting every value costs several profiles, and exact quantiles keep every value. So of `n_rows` rows between a sixteenth of `most` and `most`
        are looked at: all, or those whose hash begins with enough zeros, up to so many. The hash of an id, because the same rows must be drawn
        again when the window is computed again. -#}
    case
        when {{ n_rows }} <= {{ most }} then 1
        {%- for n_zeros in range(1, zeros + 1) %}
        when {{ n_rows }} <= {{ most * 16 ** n_zeros }} then case when substr({{ hash }}, 1, {{ n_zeros }}) = '{{ '0' * n_zeros }}' then 1 end
        {%- endfor %}
    end = 1
{%- endmacro %}
