{% macro quality_values() %}
    {#- CTEs from `stale_spans` to `quality_values`: every metric of data quality, one row each. -#}
    {%- set double = ml_monitor.type_double() -%}
    {%- set keys = ml_monitor.quality_keys() | join(', ') -%}
    {%- set types = {'reference_size': 'bigint', 'lower_bound': double, 'upper_bound': double, 'noise_floor': double, 'p_value': double, 'detail': dbt.type_string()} -%}
    {%- set has = {
        'rate_metrics': ['lower_bound', 'upper_bound'],
        'missing_rate_increases': ['reference_size', 'lower_bound', 'upper_bound', 'p_value'],
        'category_count_metrics': ['reference_size', 'lower_bound', 'upper_bound'],
        'vanished_rates': ['reference_size', 'noise_floor', 'detail'],
        'point_mass_increases': ['reference_size', 'lower_bound', 'upper_bound', 'detail'],
    } -%}
    {{ ml_monitor.quality_facts() }},

    metrics as (
        {%- for relation, columns in has.items() %}
        select {{ keys }}, metric, cast(metric_value as {{ double }}) as metric_value, cast(sample_size as bigint) as sample_size
            {%- for column, type in types.items() %},
            cast({{ column if column in columns else 'null' }} as {{ type }}) as {{ column }}
            {%- endfor %}
        from {{ relation }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    quality_values as (
        select {% for key in ml_monitor.quality_keys() + ['metric', 'metric_value', 'sample_size'] %}metrics.{{ key }}, {% endfor %}
            metrics.reference_size, metrics.lower_bound, metrics.upper_bound, metrics.noise_floor, metrics.p_value, coalesce(metrics.detail, unseen_names.detail) as detail
        from metrics
        left join unseen_names
            on metrics.metric = 'unseen_rate'
            and metrics.metric_value > 0
            and {{ ml_monitor.same_cell('unseen_names', 'metrics', version=false, span=true) }}
            and unseen_names.window_number = metrics.window_number
    )
{% endmacro %}


{% macro quality_facts() %}
    {#- The CTEs that the metrics are rows of, each from those before it. -#}
    {{ ml_monitor.quality_profiles() }},

    {{ ml_monitor.quality_counts() }},

    {{ ml_monitor.quality_reference() }},

    {{ ml_monitor.category_windows() }},

    {{ ml_monitor.rate_metrics() }},

    {{ ml_monitor.unseen_names() }},

    {{ ml_monitor.missing_rate_increases() }},

    {{ ml_monitor.category_presence() }},

    {{ ml_monitor.expected_categories() }},

    {{ ml_monitor.category_count_metrics() }},

    {{ ml_monitor.absences() }},

    {{ ml_monitor.vanished_rates() }},

    {{ ml_monitor.value_sums() }},

    {{ ml_monitor.value_shares() }},

    {{ ml_monitor.point_mass_increases() }}
{%- endmacro %}
