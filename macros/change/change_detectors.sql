{% macro page_hinkley() %}
    {#- Page-Hinkley (Page 1954; Hinkley 1971): the sum of x - mean so far - 0.25, above its least value so far. Needs no known level. -#}
    {%- set so_far = 'partition by monitor, error_metric, regime order by place rows between unbounded preceding and current row' -%}
    ph_steps as (
        select *, x - avg(x) over ({{ so_far }}) - 0.25e0 as step from series where x is not null
    ),

    ph_sums as (
        select *, sum(step) over ({{ so_far }}) as level from ph_steps
    ),

    page_hinkley as (
        select monitor, window_start, window_end, n, level - min(level) over ({{ so_far }}) as metric_value from ph_sums
    )
{%- endmacro %}


{% macro cusum() %}
    {#- CUSUM (Page 1954) for a rise of one deviation: S = max(0, S + x - 0.5), which is the sum of the steps above its least value so
        far, 0 included. After the healthy windows. -#}
    {%- set so_far = 'partition by monitor, error_metric, regime order by place rows between unbounded preceding and current row' -%}
    cusum_sums as (
        select *, sum(x - 0.5e0) over ({{ so_far }}) as level from series where x is not null and place > healthy_windows
    ),

    cusum as (
        select monitor, window_start, window_end, n,
            level - case when min(level) over ({{ so_far }}) < 0 then min(level) over ({{ so_far }}) else 0 end as metric_value
        from cusum_sums
    )
{%- endmacro %}


{% macro ewma() %}
    {#- EWMA (Roberts 1959) with weight 0.2, in its own standard deviations. Forty windows back a weight is 0.0001: the sum ends there. -#}
    ewma as (
        select newest.monitor, newest.window_start, newest.window_end, newest.n,
            sum(power(0.8e0, newest.place - earlier.place) * earlier.x) / sqrt(sum(power(0.64e0, newest.place - earlier.place))) as metric_value
        from series as newest
        inner join series as earlier
            on earlier.monitor = newest.monitor and earlier.error_metric = newest.error_metric and earlier.regime = newest.regime
            and earlier.place > earlier.healthy_windows and earlier.place <= newest.place and earlier.place > newest.place - 40
        where earlier.x is not null
        group by newest.monitor, newest.window_start, newest.window_end, newest.n
    )
{%- endmacro %}


{% macro ddm() %}
    {#- DDM (Gama et al. 2004): the error rate of all rows of the regime so far, and how many deviations it stands above its best, p_min + s_min
        at the least p + s so far. From 30 rows on; classes only. -#}
    {%- set regime = 'partition by monitor, regime order by place rows between unbounded preceding and current row' -%}
    ddm_rates as (
        select *, sum(n * error) over ({{ regime }}) / sum(n) over ({{ regime }}) as p, sum(n) over ({{ regime }}) as t
        from series where error_metric = 'accuracy'
    ),

    ddm_spreads as (
        select *, sqrt(p * (1 - p) / t) as s from ddm_rates where t >= 30 and p > 0 and p < 1
    ),

    ddm_bests as (
        select *, case when p + s <= min(p + s) over ({{ regime }}) then 1 else 0 end as is_best from ddm_spreads
    ),

    ddm_stretches as (
        select *, sum(is_best) over ({{ regime }}) as stretch from ddm_bests
    ),

    ddm as (
        select monitor, window_start, window_end, n,
            (p + s - max(case when is_best = 1 then p end) over (partition by monitor, regime, stretch))
            / max(case when is_best = 1 then s end) over (partition by monitor, regime, stretch) as metric_value
        from ddm_stretches
    )
{%- endmacro %}
