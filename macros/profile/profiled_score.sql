{% macro profiled_score(spec) %}
    {#- What the profile keeps of a prediction to order and calibrate it by: the score to `score_decimals`; of a regression the error that a loss model
        expects of it, else the prediction itself, to two significant digits, which needs no edges and is the same for ever. -#}
    {%- if spec.score -%}
    {{ ml_monitor.rounded_score('score', spec.score_decimals) }}
    {%- else -%}
    {%- set value = 'expected_error' if spec.expected_error else 'prediction' -%}
    {%- set digit = 'power(10e0, floor(ln(abs(' ~ value ~ ')) / ln(10e0)) - 1)' -%}
    case when abs({{ value }}) < 1e-9 then 0 else {{ ml_monitor.rounded(value ~ ' / ' ~ digit) }} * {{ digit }} end
    {%- endif -%}
{% endmacro %}


{% macro profiled_confidence(spec) %}
    {#- Of a classifier of many classes the profile keeps the probability of the predicted class, to two digits: the counts are already apart
        by predicted and actual class. -#}
    {{- ml_monitor.rounded_score(ml_monitor.score_of_class(spec, 'prediction'), [spec.score_decimals, 2] | min) if spec.scores else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' -}}
{% endmacro %}


{% macro rounded_score(score, decimals) -%}
    {{ ml_monitor.rounded(score ~ ' * 1e' ~ decimals) }} / 1e{{ decimals }}
{%- endmacro %}
