{% macro cramer_von_mises_tail(rows, x, key) %}
    {#- CTE `cramer_von_mises_tail`: P(W2 > x) of the limiting distribution (Csorgo and Faraway 1996), eight terms of its series in K_1/4. Within
        1e-9; below 1e-8 it is 0. -#}
    cramer_von_mises_terms as (
        select {{ key }}, {{ x }} as x, (4 * terms.term + 1) * (4 * terms.term + 1) / (16e0 * {{ x }}) as y,
            case terms.term
                {%- set weight = namespace(value=1.772453850905516e0) %}
                {%- for k in range(8) %}
                when {{ k }} then {{ weight.value * (4 * k + 1) ** 0.5 / 5.568327996831708e0 }}e0
                    {%- set weight.value = weight.value * (k + 0.5e0) / (k + 1) %}
                {%- endfor %}
            end as weight
        from {{ rows }}
        cross join (select place as term from ({{ ml_monitor.places(0, 7) }}) as places) as terms
        where {{ x }} between 0.003e0 and 4
    ),

    cramer_von_mises_sums as (
        select {{ key }}, 1 - sum(weight / sqrt(x) * {{ ml_monitor.scaled_bessel_k('y') }}) as p_value from cramer_von_mises_terms group by {{ key }}
    ),

    cramer_von_mises_tail as (
        select {{ key }}, {{ ml_monitor.non_negative('p_value') }} as p_value from cramer_von_mises_sums
        union all
        select {{ key }}, case when {{ x }} < 0.003e0 then 1 else 0 end from {{ rows }} where {{ x }} < 0.003e0 or {{ x }} > 4
    )
{% endmacro %}


{% macro scaled_bessel_k(y) %}
    {#- exp(-y) K_1/4(y): from the power series of I_-1/4 and I_1/4 below 8, asymptotically above. `y` is written often: give a column. -#}
    {%- set series = {} -%}
    {%- for order, gamma in {'-0.25': 1.225416702465178, '0.25': 0.906402477055477}.items() -%}
        {%- set sum = namespace(text='1') -%}
        {%- for m in range(24, 0, -1) -%}
            {%- set sum.text = '(1 + ' ~ y ~ ' * ' ~ y ~ ' / ' ~ 4 * m * (m + order | float) ~ 'e0 * ' ~ sum.text ~ ')' -%}
        {%- endfor -%}
        {%- do series.update({order: 'power(' ~ y ~ ' / 2, ' ~ order ~ ') / ' ~ gamma ~ 'e0 * ' ~ sum.text}) -%}
    {%- endfor -%}
    {%- set tail = namespace(text='1') -%}
    {%- for m in range(12, 0, -1) -%}
        {%- set tail.text = '(1 + ' ~ (0.25e0 - (2 * m - 1) ** 2) ~ 'e0 / (' ~ 8 * m ~ ' * ' ~ y ~ ') * ' ~ tail.text ~ ')' -%}
    {%- endfor -%}
    case
        when {{ y }} > 300 then 0
        when {{ y }} > 8 then exp(-2 * {{ y }}) * sqrt(1.5707963267948966e0 / {{ y }}) * {{ tail.text }}
        else exp(-{{ y }}) * 2.221441469079183e0 * ({{ series['-0.25'] }} - {{ series['0.25'] }})
    end
{%- endmacro %}
