{% macro drift_metrics() %}
    {#- Which column of the drift statistics each metric is, with its mean when nothing has drifted: (bins - 1)(1/N + 1/M) for PSI,
        and its small-drift relatives (Yurdakul and Naranjo 2020). -#}
    {%- set metrics = [] -%}
    {%- for kind in ml_monitor.bin_kinds() -%}
        {%- set noise = 'psi_noise' ~ kind -%}
        {%- set noise_floors = {
            'psi': noise,
            'kl_divergence': noise ~ ' / 2',
            'js_divergence': noise ~ ' / (8 * ln(2e0))',
            'js_distance': 'sqrt(' ~ noise ~ ' / (8 * ln(2e0)))',
            'hellinger': 'sqrt(' ~ noise ~ ' / 8)',
            'total_variation': 'total_variation_noise' ~ kind,
            'l_infinity': none,
            'chi_squared': 'chi_squared_df' ~ kind,
            'cramers_v': 'sqrt(chi_squared_df' ~ kind ~ ' / (window_size' ~ kind ~ ' + reference_size' ~ kind ~ '))',
        } -%}
        {%- for name, noise_floor in noise_floors.items() -%}
            {%- set p_value = 'chi_squared_p_value' ~ kind if name in ['psi', 'chi_squared', 'cramers_v'] else none -%}
            {%- do metrics.append(ml_monitor._drift_metric(name ~ kind, kind=kind, noise_floor=noise_floor, p_value=p_value, feature_type='categorical' if kind == '_without_unseen')) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do metrics.extend([
        ml_monitor._drift_metric('psi_trailing', column='psi', noise_floor='psi_noise', baseline='trailing'),
        ml_monitor._drift_metric('ks', p_value='ks_p_value', feature_type='numeric'),
        ml_monitor._drift_metric('wasserstein', feature_type='numeric'),
        ml_monitor._drift_metric('mean_shift', noise_floor='0', feature_type='numeric'),
        ml_monitor._drift_metric('std_change', noise_floor='0', feature_type='numeric'),
    ]) -%}
    {{ return(metrics) }}
{% endmacro %}


{% macro psi_metrics() %}
    {#- Metrics whose distribution is known when nothing or little has drifted, so that a value can be tested. -#}
    {{ return(['psi', 'psi_with_missing', 'psi_without_unseen']) }}
{% endmacro %}


{% macro _drift_metric(metric, column=none, kind='', noise_floor=none, p_value=none, baseline='reference', feature_type=none) %}
    {%- set no_number = 'cast(null as ' ~ ml_monitor.type_double() ~ ')' -%}
    {{ return({'metric': metric, 'column': column or metric, 'kind': kind, 'noise_floor': noise_floor or no_number, 'p_value': p_value or no_number,
        'baseline': baseline, 'feature_type': feature_type}) }}
{% endmacro %}
