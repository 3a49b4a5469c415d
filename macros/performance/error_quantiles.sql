{% macro error_quantiles() %}
    {#- Quantiles of |error| from the counts on the logarithmic scale: `error_quantiles`. Within a bin the counts run evenly over the
        logarithm. Interval: the quantiles at share +- 1.96 sqrt(share (1 - share) / n), the binomial one of an order statistic. -#}
    {%- set group = 'cell, window_number, span' -%}
    {%- set levels = {} -%}
    {%- for name, share in {'error_p50': 0.5, 'error_p90': 0.9}.items() -%}
        {%- for end, sign in {'': 0, '_lower': -1.959963984540054, '_upper': 1.959963984540054}.items() -%}
            {%- set spread = (share * (1 - share)) ** 0.5 * sign -%}
            {%- do levels.update({name ~ end: '(' ~ share ~ 'e0 * total' ~ (' + ' ~ spread ~ 'e0 * sqrt(total)' if sign) ~ ')'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    window_errors as (
        {{ ml_monitor.cell_counts(['error_bin'], {'n': 'sum(n)'}, 'error_bin is not null') }}
    ),

    span_errors as (
        {{ ml_monitor.ranked_sums('window_errors', ['error_bin'], ['n']) }}
    ),

    error_placements as (
        select {{ group }}, error_bin, cast(n as {{ ml_monitor.type_double() }}) as n,
            cast(sum(n) over (partition by {{ group }} order by error_bin rows between unbounded preceding and current row) - n as {{ ml_monitor.type_double() }}) as n_below,
            cast(sum(n) over (partition by {{ group }}) as {{ ml_monitor.type_double() }}) as total
        from span_errors
    ),

    error_quantiles as (
        {#- One bin holds each level; a level beyond the ends belongs to the last bin there. #}
        select {{ group }}
            {%- for name, level in levels.items() %},
            max(case when (n_below < {{ level }} or n_below = 0) and (n_below + n >= {{ level }} or n_below + n = total) then
                {{ ml_monitor.value_in_error_bin('(' ~ level ~ ' - n_below) / n') }} end) as {{ name }}
            {%- endfor %}
        from error_placements
        group by {{ group }}
    )
{% endmacro %}


{% macro value_in_error_bin(place) %}
    {#- |error| at a place between 0 and 1 of its bin. -#}
    {%- set inside = 'case when ' ~ place ~ ' < 0 then 0 when ' ~ place ~ ' > 1 then 1 else ' ~ place ~ ' end' -%}
    case when error_bin = -10000 then 0 else exp(0.09531017980432493e0 * (error_bin - 1 + {{ inside }})) end
{%- endmacro %}
