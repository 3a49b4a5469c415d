{% macro fisher_z(r) %}
    {#- The variance-stabilising transform of a correlation (Fisher 1915), finite for r = 1 too: r is held within 0.999999. -#}
    {%- set held = '(case when ' ~ r ~ ' > 0.999999e0 then 0.999999e0 when ' ~ r ~ ' < -0.999999e0 then -0.999999e0 else ' ~ r ~ ' end)' -%}
    0.5e0 * ln((1 + {{ held }}) / (1 - {{ held }}))
{%- endmacro %}
