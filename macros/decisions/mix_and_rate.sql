{% macro mix_and_rate() %}
    {#- CTE `mix_and_rate` from `baselines` and `current_spans`. A value that one side lacks has no rate there: it takes that of the other side and is
        mix alone. Mix is measured from the mean of both sides, so that a growing segment that is better than the rest counts as a gain. -#}
    {%- set span = ['monitor', 'segment', 'metric', 'span', 'window_start'] -%}
    {%- set sides = 'monitor, segment, segment_value, metric, span, window_start, window_end' -%}
    both_sides as (
        select {{ sides }}, sum(n1) as n1, sum(n0) as n0, max(error1) as error1, max(error0) as error0,
            coalesce(max(value1), max(value0)) as value1, coalesce(max(value0), max(value1)) as value0
        from (
            select {{ sides }}, n as n1, 0 as n0, metric_value as value1, null as value0, error as error1, null as error0 from current_spans
            union all
            select {{ sides }}, 0, n, null, metric_value, null, error from baselines
        ) as sides
        group by {{ sides }}
    ),

    weighted as (
        select *, n1 / nullif(all_n1, 0) as share1, n0 / nullif(all_n0, 0) as share0,
            (total1 / nullif(all_n1, 0) + total0 / nullif(all_n0, 0)) / 2 as middle
        from (
            select both_sides.*,
                sum(n1) over (partition by {{ span | join(', ') }}) as all_n1,
                sum(n0) over (partition by {{ span | join(', ') }}) as all_n0,
                sum(n1 * value1) over (partition by {{ span | join(', ') }}) as total1,
                sum(n0 * value0) over (partition by {{ span | join(', ') }}) as total0
            from both_sides
        ) as summed
        where all_n1 > 0 and all_n0 > 0
    ),

    mix_and_rate as (
        select monitor, segment, segment_value, metric, span, window_start, window_end,
            share0 as baseline_share, share1 as share, value0 as baseline_value, value1 as metric_value, (share1 - share0) * ((value0 + value1) / 2 - middle) as mix_effect,
            (value1 - value0) * (share0 + share1) / 2 as rate_effect,
            case when n1 > 0 and n0 > 0 then (share0 + share1) / 2 * sqrt(coalesce(error1 * error1, 0) + coalesce(error0 * error0, 0)) else 0 end as rate_error,
            total1 / all_n1 - total0 / all_n0 as total_change,
            cast(n1 as bigint) as sample_size, cast(n0 as bigint) as baseline_size
        from weighted
    )
{%- endmacro %}
