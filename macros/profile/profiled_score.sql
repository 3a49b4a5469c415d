{% macro profiled_score(spec) %}
    {#- What the profile keeps of a prediction to order and calibrate it by: the score to `score_decimals`; of a regression the
        prediction to two significant digits, which needs no edges and is the same for ever. -#}
    {%- if spec.score -%}
    {{ ('round(cast(score as numeric), ' ~ spec.score_decimals ~ ')') if target.type == 'postgres' else 'round(score, ' ~ spec.score_decimals ~ ')' }}
    {%- else -%}
    {%- set digit = 'power(10e0, floor(ln(abs(prediction)) / ln(10e0)) - 1)' -%}
    case when abs(prediction) < 1e-9 then 0 else round(prediction / {{ digit }}) * {{ digit }} end
    {%- endif -%}
{% endmacro %}
