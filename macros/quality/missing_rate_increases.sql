{% macro missing_rate_increases() %}
    {#- The missing rate against that of the frozen reference: difference, its interval, and a test of whether there is one. -#}
    missing_rates as (
        select
            {% for key in ml_monitor.quality_keys() %}counts.{{ key }}, {% endfor %}
            counts.n_rows as sample_size,
            base.n_rows as reference_size,
            1e0 * counts.n_missing / counts.n_rows as rate,
            1e0 * base.n_missing / base.n_rows as base_rate,
            {{ ml_monitor.wilson_bound('counts.n_missing', 'counts.n_rows', '-') }} as rate_low,
            {{ ml_monitor.wilson_bound('counts.n_missing', 'counts.n_rows', '+') }} as rate_high,
            {{ ml_monitor.wilson_bound('base.n_missing', 'base.n_rows', '-') }} as base_low,
            {{ ml_monitor.wilson_bound('base.n_missing', 'base.n_rows', '+') }} as base_high,
            abs({{ ml_monitor.two_proportion_z('counts.n_missing', 'counts.n_rows', 'base.n_missing', 'base.n_rows') }}) / 1.4142135623730951e0 as half_z
        from counts
        inner join reference_sizes as base on {{ ml_monitor.same_cell('base', 'counts', version=false) }}
        where base.n_rows > 0
    ),

    missing_rate_increases as (
        select
            {{ ml_monitor.quality_keys() | join(', ') }},
            'missing_rate_increase' as metric,
            rate - base_rate as metric_value,
            sample_size,
            reference_size,
            {{ ml_monitor.newcombe_bound('rate', 'rate_low', 'base_rate', 'base_high', '-') }} as lower_bound,
            {{ ml_monitor.newcombe_bound('rate', 'rate_high', 'base_rate', 'base_low', '+') }} as upper_bound,
            case when half_z is not null then {{ ml_monitor.erfc('half_z') }} end as p_value
        from missing_rates
    )
{% endmacro %}
