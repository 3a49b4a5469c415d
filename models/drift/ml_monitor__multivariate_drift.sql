{{ config(materialized='view', enabled=ml_monitor.any_multivariate()) }}

{#- One row per metric, as in ml_monitor__drift; `detail` says what moved most. -#}

{%- set number = ml_monitor.short_number %}
{%- set complete = "' (' || " ~ number('100 * complete_share') ~ " || ' % of the rows are complete)'" %}
{%- set shift = "'largest shift of ' || largest_shift_feature || ' by ' || " ~ number('largest_shift') ~ " || ' std' || " ~ complete %}
{%- set pair = "correlation_feature || ' with ' || correlation_with || ': ' || " ~ number('correlation') ~ " || ', reference ' || " ~ number('reference_correlation') ~ " || " ~ complete %}
{%- set components = "cast(n_components as " ~ dbt.type_string() ~ ") || ' components' || " ~ complete %}
{%- set metrics = {
    'hotelling_t2': ['hotelling_noise', 'hotelling_p_value', shift],
    'mahalanobis': ['sqrt(hotelling_noise * (1 / nullif(window_size, 0) + 1 / nullif(reference_size, 0)))', 'hotelling_p_value', shift],
    'correlation_change': [none, 'correlation_p_value', pair],
    'reconstruction_error': [none, none, components],
} %}

{% for metric, (noise_floor, p_value, detail) in metrics.items() %}
select
    monitor,
    model_version,
    segment,
    segment_value,
    '__all__' as feature,
    window_start,
    window_end,
    span,
    '{{ metric }}' as metric,
    'drift' as family,
    {{ metric }} as metric_value,
    window_size as sample_size,
    reference_size,
    cast({{ noise_floor or 'null' }} as {{ ml_monitor.type_double() }}) as noise_floor,
    cast({{ p_value or 'null' }} as {{ ml_monitor.type_double() }}) as p_value,
    {{ detail }} as detail,
    metric_spec_id,
    source_updated_at
from {{ ref('ml_monitor__multivariate_statistics') }}
{{ 'union all' if not loop.last }}
{% endfor %}
