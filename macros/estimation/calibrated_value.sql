{% macro calibration_piece(counts, bins) %}
    {#- Join condition: the piece of the calibration curve that a score lies on; beyond its ends the curve is flat. -#}
    {{ bins }}.monitor = {{ counts }}.monitor
            and {{ bins }}.model_version = {{ counts }}.model_version
            and ({{ bins }}.bin = 1 or {{ counts }}.score >= {{ bins }}.mean_score)
            and ({{ bins }}.next_mean_score is null or {{ counts }}.score < {{ bins }}.next_mean_score)
{%- endmacro %}


{% macro calibrated_value(score, bins) %}
    {#- Straight between the means of neighbouring bins, as sklearn's IsotonicRegression predicts. -#}
    case
        when {{ bins }}.next_mean_score is null or {{ score }} <= {{ bins }}.mean_score then {{ bins }}.value
        else {{ bins }}.value + ({{ bins }}.next_value - {{ bins }}.value) * ({{ score }} - {{ bins }}.mean_score) / ({{ bins }}.next_mean_score - {{ bins }}.mean_score)
    end
{%- endmacro %}


{% macro nearest_bin(score, bins) %}
    {{ bins }}.bin + case when {{ score }} - {{ bins }}.mean_score > {{ bins }}.next_mean_score - {{ score }} then 1 else 0 end
{%- endmacro %}
