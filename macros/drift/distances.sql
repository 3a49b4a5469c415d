{% macro distances(kind='') %}
    {#- Every distance of a comparison as aggregates over its bins, those of one of the `bin_kinds()`. -#}
    {%- set q, p, log_ratio = 'q' ~ kind, 'p' ~ kind, 'log_ratio' ~ kind -%}
    {%- set window_share, reference_share = 'window_share' ~ kind, 'reference_share' ~ kind -%}
    {%- set window_size, reference_size = 'window_size' ~ kind, 'reference_size' ~ kind -%}
    {%- set counted = 'case when is_value' ~ kind ~ ' = 1 and window_n + reference_n > 0 then 1 else 0 end' %}
        max({{ window_size }}) as {{ window_size }},
        max({{ reference_size }}) as {{ reference_size }},
        max(n_bins{{ kind }}) as n_bins{{ kind }},
        sum(is_value{{ kind }}) as n_present{{ kind }},
        sum({{ counted }}) as n_filled{{ kind }},
        sum(({{ q }} - {{ p }}) * {{ log_ratio }}) as psi{{ kind }},
        sum({{ q }} * {{ log_ratio }}) as kl_divergence{{ kind }},
        {{ ml_monitor.js_divergence(window_share, reference_share) }} as js_divergence{{ kind }},
        {{ ml_monitor.hellinger(window_share, reference_share) }} as hellinger{{ kind }},
        {{ ml_monitor.total_variation(window_share, reference_share) }} as total_variation{{ kind }},
        {{ ml_monitor.total_variation_noise(reference_share, window_size, reference_size) }} as total_variation_noise{{ kind }},
        max(abs({{ window_share }} - {{ reference_share }})) as l_infinity{{ kind }},
        {#- Of two bins one loses what the other gains, so ties are common, and rounding must not decide them: the first of the bins has it. #}
        {{ ml_monitor.arg_max('bin', ml_monitor.rounded('1e12 * abs(' ~ window_share ~ ' - ' ~ reference_share ~ ')') ~ ' - 1e-3 * bin') }} as l_infinity_bin{{ kind }},
        {{ ml_monitor.chi_squared('case when is_value' ~ kind ~ ' = 1 then window_n end', 'reference_n', window_size, reference_size) }} as chi_squared{{ kind }}
{%- endmacro %}


{% macro bin_kinds() %}
    {#- Which bins a distance is over, as the suffix of its name. Value bins are the frozen ones, `other` and, when the window has some, `unseen`;
        `_with_missing` counts missing and invalid values too, `_without_unseen` only the frozen ones and `other`. -#}
    {{ return(['', '_with_missing', '_without_unseen']) }}
{% endmacro %}
