{% macro exact_distances() %}
    {#- CTE `distances` from `points`: Kolmogorov-Smirnov, Wasserstein and Cramer-von Mises between the two empirical distribution
        functions. Tied values are one point, with the mean of their ranks, as in scipy. -#}
    {%- set so_far = 'over (partition by window_number, place order by x rows between unbounded preceding and current row)' %}
    steps as (
        select window_number, place, x, a, b, sum(a) {{ so_far }} as a_to, sum(b) {{ so_far }} as b_to,
            lead(x) over (partition by window_number, place order by x) as next_x,
            sum(a) over (partition by window_number, place) as window_size,
            sum(b) over (partition by window_number, place) as base_size
        from points
    ),

    gaps as (
        select *,
            abs(a_to / window_size - b_to / base_size) as gap,
            {#- mid-rank among all minus rank of the last row below among one's own #}
            b_to - b + (a + b + 1) / 2 as window_rank,
            a_to - a + (a + b + 1) / 2 as base_rank
        from steps
        where window_size > 0 and base_size > 0
    ),

    summed as (
        select window_number, place, window_size, base_size, window_size * base_size as product, window_size + base_size as size,
            max(gap) as ks,
            sum(case when next_x is null then 0 else gap * (next_x - x) end) as wasserstein,
            window_size * sum({{ ml_monitor.rank_squares('a', 'window_rank') }}) + base_size * sum({{ ml_monitor.rank_squares('b', 'base_rank') }}) as rank_sum
        from gaps
        group by window_number, place, window_size, base_size
    ),

    statistics as (
        select *,
            {#- a half goes to the even neighbour, as in scipy; warehouses round it either way #}
            case when product / size - 2 * floor(product / (2 * size)) = 0.5e0 then floor(product / size) else round(product / size) end as ks_n,
            rank_sum / (product * size) - (4 * product - 1) / (6 * size) as cramer_von_mises,
            (size + 1) * (4 * product * size - 3 * (window_size * window_size + base_size * base_size) - 2 * product) / (45 * size * size * 4 * product) as variance
        from summed
    ),

    standardised as (
        select *, ks * sqrt(ks_n) as ks_z, case when variance > 0 then 1e0 / 6 + (cramer_von_mises - (1 + 1 / size) / 6) / sqrt(45 * variance) end as cvm_value
        from statistics
    ),

    {{ ml_monitor.cramer_von_mises_tail('standardised', 'cvm_value', 'window_number, place') }},

    distances as (
        select standardised.*, tail.p_value as cramer_von_mises_p_value, {{ ml_monitor.kolmogorov_exact_tail('standardised.ks_z', 'standardised.ks_n') }} as ks_tail
        from standardised
        left join cramer_von_mises_tail as tail on tail.window_number = standardised.window_number and tail.place = standardised.place
    )
{% endmacro %}


{% macro rank_squares(n, rank) %}
    {#- Sum of (rank - t)^2 over t = 1, …, n: what n tied rows add. -#}
    {{ n }} * {{ rank }} * {{ rank }} - {{ rank }} * {{ n }} * ({{ n }} + 1) + {{ n }} * ({{ n }} + 1) * (2 * {{ n }} + 1) / 6
{%- endmacro %}
