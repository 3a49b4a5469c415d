{% macro drift_noise_floor(metric) %}
    {#- The mean of a distance when nothing has drifted: (bins - 1)(1/N + 1/M) for PSI, and its small-drift relatives
        (Yurdakul and Naranjo 2020). -#}
    {{- return({
        'psi': 'psi_noise',
        'psi_with_missing': 'psi_noise',
        'kl_divergence': 'psi_noise / 2',
        'js_distance': 'sqrt(psi_noise / (8 * ln(2.0)))',
        'hellinger': 'sqrt(psi_noise / 8)',
        'total_variation': 'total_variation_noise',
    }[metric]) -}}
{% endmacro %}
