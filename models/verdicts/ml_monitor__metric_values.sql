{#- The verdicts read it five times. #}
{{ config(materialized='table' if ml_monitor.repeats_ctes() else 'view', enabled=ml_monitor.any_monitors()) }}

{%- set shared = ['monitor', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'window_end', 'span', 'metric', 'family'] %}
{%- set details = ['metric_value', 'reference_size', 'lower_bound', 'upper_bound', 'noise_floor', 'n_bins', 'p_value', 'label_coverage'] %}
{%- set has = {
    'ml_monitor__drift': ['reference_size', 'noise_floor', 'n_bins', 'p_value'],
    'ml_monitor__data_quality': ['reference_size', 'lower_bound', 'upper_bound', 'noise_floor', 'p_value', 'detail'],
    'ml_monitor__intake': [],
    'ml_monitor__performance': ['lower_bound', 'upper_bound', 'label_coverage', 'detail'],
    'ml_monitor__estimated_performance': ['lower_bound', 'upper_bound', 'detail'],
    'ml_monitor__label_nowcast': ['lower_bound', 'upper_bound', 'label_coverage'],
    'ml_monitor__change_detection': [],
    'ml_monitor__selective_labels': ['lower_bound', 'upper_bound'],
    'ml_monitor__decisions': ['lower_bound', 'upper_bound', 'label_coverage'],
} %}
{%- if ml_monitor.any_custom_metrics() %}{% do has.update({'ml_monitor__custom_metrics': ['label_coverage']}) %}{% endif %}
{%- if ml_monitor.any_declared('error_profile') %}{% do has.update({'ml_monitor__expected_damage': ['reference_size', 'lower_bound', 'upper_bound']}) %}{% endif %}
{%- if ml_monitor.any_declared('service') %}{% do has.update({'ml_monitor__service': ['lower_bound', 'upper_bound']}) %}{% endif %}
{%- if ml_monitor.any_declared('behaviour') %}{% do has.update({'ml_monitor__behaviour': ['lower_bound', 'upper_bound']}) %}{% endif %}
{%- if ml_monitor.any_kpis() %}{% do has.update({'ml_monitor__kpi_values': []}) %}{% endif %}
{%- if ml_monitor.any_multivariate() %}
    {%- do has.update({'ml_monitor__multivariate_drift': ['reference_size', 'noise_floor', 'p_value', 'detail']}) %}
{%- endif %}
{%- if ml_monitor.due_monitors() %}{% do has.update({'ml_monitor__performance_when_due': ['lower_bound', 'upper_bound', 'label_coverage']}) %}{% endif %}
{#- What stands in tables of other shapes, one number of it per window. #}
{%- set found = {} %}
{%- if ml_monitor.any_declared('comparison') %}
    {%- do found.update({ml_monitor.comparison_values(): ['lower_bound', 'upper_bound', 'p_value', 'detail']}) %}
{%- endif %}
{%- if ml_monitor.any_declared('segments') %}
    {%- do found.update({ml_monitor.slice_values(): ['detail'], ml_monitor.decomposition_values(): ['reference_size', 'lower_bound', 'upper_bound']}) %}
{%- endif %}

{% for model, columns in has.items() | list + found.items() | list %}
select
    {{ shared | join(',\n    ') }},
    {#- The counts of the log itself, and business figures, say nothing about a group. #}
    {%- set is_count = model in ['ml_monitor__intake', 'ml_monitor__kpi_values'] %}
    {{ 'cast(sample_size as bigint)' if is_count else ml_monitor.published('cast(sample_size as bigint)', 'sample_size') }} as sample_size,
    {%- for detail in details %}
        {%- set value = 'cast(' ~ (detail if detail in columns + ['metric_value'] else 'null') ~ ' as ' ~ ml_monitor.type_double() ~ ')' %}
    {{ value if is_count else ml_monitor.published(value, 'sample_size') }} as {{ detail }},
    {%- endfor %}
    {{ ml_monitor.published('detail', 'sample_size') if 'detail' in columns else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as detail,
    source_updated_at as updated_at
from {{ ref(model) if model in has else '(' ~ model ~ ') as found_values' }}
{{ 'union all' if not loop.last }}
{% endfor %}
