{% macro expected_damage() %}
    {#- CTEs up to `damages`: for every feature and span, sum over the bins of (share - share in the reference) * mean error there, and the same in costs.
        Its variance is that of the means and, multinomial, that of both shares. A bin without labelled rows has the mean of all. -#}
    {%- set sides = {'expected_damage': 'error', 'expected_cost_change': 'cost'} -%}
    {{ ml_monitor.error_profiles() }},

    errors as (
        select monitor, feature, bin{% for sum in ml_monitor.error_sums() %}, sum({{ sum }}) as {{ sum }}{% endfor %}
        from error_profiles
        group by monitor, feature, bin
    ),

    overall as (
        select monitor, feature, sum(n) as n,
            {%- for side in sides.values() %}
            sum({{ side }}_sum) / sum(n) as {{ side }}, sum(squared_{{ side }}_sum) / sum(n) as squared_{{ side }}{{ ',' if not loop.last }}
            {%- endfor %}
        from errors
        group by monitor, feature
        having sum(n) > 0
    ),

    shares as (
        select shares.*, shares.window_share - shares.reference_share as change, overall.n as all_n, coalesce(errors.n, 0) as n,
            {%- for side in sides.values() %}
            case when errors.n > 0 then errors.{{ side }}_sum / errors.n else overall.{{ side }} end as {{ side }},
            case when errors.n > 0 then errors.squared_{{ side }}_sum / errors.n else overall.squared_{{ side }} end as squared_{{ side }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('ml_monitor__drift_contributions') }} as shares
        inner join overall on overall.monitor = shares.monitor and overall.feature = shares.feature
        left join errors on errors.monitor = shares.monitor and errors.feature = shares.feature and errors.bin = shares.bin
        where shares.bin <> {{ ml_monitor.bin_codes().total }} and shares.model_version = '__all__' and shares.segment = '__all__'
    ),

    {{ ml_monitor.damage_of_shares(sides) }}
{% endmacro %}


{% macro damage_of_shares(sides) %}
    {#- CTEs `damage_sums` and `damages` from `shares`: a row per feature, span and metric. -#}
    {%- set keys = 'monitor, feature, window_start, window_end, span' -%}
    damage_sums as (
        select {{ keys }}, sum(window_n) as window_size, sum(reference_n) as reference_size, max(all_n) as n_errors, max(source_updated_at) as source_updated_at,
            {%- for side in sides.values() %}
            sum(change * {{ side }}) as {{ side }}_change,
            sum(change * change * (squared_{{ side }} - {{ side }} * {{ side }}) / case when n > 0 then n else 1 end) as {{ side }}_noise,
            {%- for share in ['window', 'reference'] %}
            sum({{ share }}_share * {{ side }} * {{ side }}) - power(sum({{ share }}_share * {{ side }}), 2) as {{ side }}_{{ share }}_variance{{ ',' if not loop.last }}
            {%- endfor -%}
            {{ ',' if not loop.last }}
            {%- endfor %}
        from shares
        group by {{ keys }}
    ),

    damages as (
        {%- for metric, side in sides.items() %}
        select {{ keys }}, '{{ metric }}' as metric, {{ side }}_change as metric_value, window_size, reference_size, n_errors, source_updated_at,
            sqrt({{ ml_monitor.non_negative(side ~ '_noise + ' ~ side ~ '_window_variance / nullif(window_size, 0) + ' ~ side ~ '_reference_variance / nullif(reference_size, 0)') }}) as standard_error
        from damage_sums
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{% endmacro %}
