{% macro chain_ladder() %}
    {#- CTEs up to `delays`: chain-ladder development factors with Mack's variances (Mack 1993), per counted quantity, from the newest
        `trailing_baseline` windows that have reached the next age, so that a delay that changes is followed. Needs the CTE `triangle`. -#}
    quantities as (
        select triangle.monitor, triangle.window_number, triangle.label_age, counts.quantity,
            cast(case counts.quantity
                {%- for quantity, count in ml_monitor.nowcast_quantities().items() %} when '{{ quantity }}' then triangle.{{ count }}{% endfor %} end as {{ ml_monitor.type_double() }}) as n
        from triangle
        cross join ({{ ml_monitor.names('quantity', ml_monitor.nowcast_quantities()) }}) as counts
    ),

    developments as (
        select quantities.monitor, quantities.quantity, quantities.label_age, quantities.window_number, quantities.n,
            lead(quantities.n) over (partition by quantities.monitor, quantities.quantity, quantities.window_number order by quantities.label_age) as next_n,
            lead(quantities.label_age) over (partition by quantities.monitor, quantities.quantity, quantities.window_number order by quantities.label_age) as next_age
        from quantities
        inner join {{ ref('ml_monitor__windows') }} as windows
            on windows.monitor = quantities.monitor and windows.window_number = quantities.window_number and not windows.is_excluded
    ),

    learned as (
        select recent.monitor, recent.quantity, recent.label_age, recent.n, recent.next_n, recent.next_age
        from (
            select developments.*, row_number() over (partition by monitor, quantity, label_age order by window_number desc) as recency
            from developments
            where next_n is not null
        ) as recent
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = recent.monitor
        where recent.recency <= monitors.trailing_baseline
    ),

    {{ ml_monitor.ladder_factors() }}
{%- endmacro %}


{% macro ladder_factors() %}
    {#- CTEs up to `delays`. Needs the CTE `learned`. -#}
    factors as (
        select monitor, quantity, label_age, sum(n) as volume, sum(next_n) / sum(n) as factor, max(next_age) as next_age
        from learned
        group by monitor, quantity, label_age
        having sum(n) > 0
    ),

    spreads as (
        select factors.monitor, factors.quantity, factors.label_age, factors.volume, factors.factor, factors.next_age, count(*) as n_windows,
            case when count(*) > 1 then sum(learned.n * power(learned.next_n / learned.n - factors.factor, 2)) / (count(*) - 1) end as variance
        from factors
        inner join learned
            on learned.monitor = factors.monitor and learned.quantity = factors.quantity and learned.label_age = factors.label_age and learned.n > 0
        group by factors.monitor, factors.quantity, factors.label_age, factors.volume, factors.factor, factors.next_age
    ),

    {{ ml_monitor.ladder_tails() }}
{%- endmacro %}


{% macro ladder_tails() %}
    {#- What is still to come after each age. The last age has one window and no spread of its own: the smaller of the two before it, a
        cautious form of Mack's rule. `tail` is the product of the factors from here on; the variance of a nowcast C is
        C^2 (process / C + parameter). -#}
    {%- set remaining = 'partition by monitor, quantity order by label_age desc rows between unbounded preceding and current row' -%}
    {%- set before = 'partition by monitor, quantity order by label_age' -%}
    completed as (
        select monitor, quantity, label_age, next_age, volume, factor, n_windows,
            coalesce(variance,
                case when lag(variance, 2) over ({{ before }}) < lag(variance) over ({{ before }}) then lag(variance, 2) over ({{ before }})
                    else lag(variance) over ({{ before }}) end, 0) as variance
        from spreads
    ),

    tailed as (
        select completed.*, exp(sum(ln(factor)) over ({{ remaining }})) as tail from completed
    ),

    delays as (
        select monitor, quantity, label_age, next_age, volume, factor, n_windows, variance, tail, 1 / tail as development_share,
            sum(variance * tail / (factor * factor)) over ({{ remaining }}) as process_variance,
            sum(variance / (factor * factor * volume)) over ({{ remaining }}) as parameter_variance
        from tailed
    )
{% endmacro %}


{% macro nowcast_quantities() %}
    {#- Counts that only grow as labels arrive, each with a delay of its own: fast labels are not like slow ones. -#}
    {{ return({'labels': 'n_labels', 'positives': 'positives', 'negatives': 'negatives', 'correct': 'correct', 'wrong': 'wrong'}) }}
{% endmacro %}
