{% macro at_quantile(share) %}
    {#- Aggregate: the quantile of `x`, linear between neighbours, from its `place` (from 0) among `n`: the same in every warehouse. -#}
    sum(case when abs(place - ({{ share }}) * (n - 1)) < 1 then x * (1 - abs(place - ({{ share }}) * (n - 1))) else 0 end)
{%- endmacro %}


{% macro rule_limit(level) %}
    {#- The threshold of a level in units of the metric; of a two-sided rule, the distance from `<level>_centre`. -#}
    {%- set k = level ~ '_number' -%}
    {#- Rounding must not put a value that equals a quantile beyond it. -#}
    {%- set rounding = '1e-9 * abs(' ~ level ~ '_' -%}
    case
        when {{ k }} is null then null
        when rule = 'value' then {{ k }}
        when n_baseline < least_baseline then null
        when rule = 'percentile' and direction = 'both' then ({{ level }}_high - {{ level }}_low) / 2 + {{ rounding }}high) + {{ rounding }}low)
        when rule = 'percentile' and direction = 'above' then {{ level }}_high + {{ rounding }}high)
        when rule = 'percentile' then {{ level }}_low - {{ rounding }}low)
        when direction = 'both' then {{ k }} * scale
        when direction = 'above' then centre + {{ k }} * scale
        else centre - {{ k }} * scale
    end
{%- endmacro %}


{% macro rule_centre(level) %}
    case
        when direction <> 'both' then 0
        when rule = 'value' then {{ ml_monitor.target_value('metric') }}
        when rule = 'percentile' then ({{ level }}_high + {{ level }}_low) / 2
        else centre
    end
{%- endmacro %}
