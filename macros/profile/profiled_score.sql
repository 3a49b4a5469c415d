{% macro profiled_score(spec) %}
    {#- What the profile keeps of a prediction to order and calibrate it by: the score to `score_decimals`; of a regression the
        prediction to two significant digits, which needs no edges and is the same for ever. -#}
    {%- if spec.score -%}
    {{ ('round(cast(predictions.score as numeric), ' ~ spec.score_decimals ~ ')') if target.type == 'postgres' else 'round(predictions.score, ' ~ spec.score_decimals ~ ')' }}
    {%- else -%}
    {%- set digit = 'power(10.0, floor(ln(abs(predictions.prediction)) / ln(10.0)) - 1)' -%}
    case when abs(predictions.prediction) < 1e-9 then 0 else round(predictions.prediction / {{ digit }}) * {{ digit }} end
    {%- endif -%}
{% endmacro %}
