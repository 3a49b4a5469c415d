{% macro kolmogorov_smirnov_tail(lambda) %}
    {#- P(D > d) for lambda = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) d with n = NM / (N + M) (Stephens 1970): the alternating series, and
        below 1.18 its theta-function twin, which converges there. `lambda` is written often: give a column. -#}
    {%- set square = '(' ~ lambda ~ ' * ' ~ lambda ~ ')' -%}
    {%- set pi2_8 = '1.2337005501361697' -%}
    case
        when {{ lambda }} is null then null
        when {{ lambda }} < 0.2e0 then 1
        when {{ lambda }} > 18 then 0
        when {{ lambda }} < 1.18e0 then
            1 - 2.5066282746310002e0 / {{ lambda }} * (exp(-{{ pi2_8 }} / {{ square }}) + case when {{ lambda }} > 0.3e0 then exp(-9 * {{ pi2_8 }} / {{ square }}) else 0 end
                + case when {{ lambda }} > 0.5e0 then exp(-25 * {{ pi2_8 }} / {{ square }}) else 0 end)
        when {{ lambda }} > 4 then 2 * exp(-2 * {{ square }})
        else 2 * (exp(-2 * {{ square }}) - exp(-8 * {{ square }}) + exp(-18 * {{ square }}) - exp(-32 * {{ square }}))
    end
{%- endmacro %}


{% macro kolmogorov_smirnov_lambda(d, n, m) %}
    {%- set size = '(1e0 * ' ~ n ~ ' * ' ~ m ~ ' / (' ~ n ~ ' + ' ~ m ~ '))' -%}
    (sqrt({{ size }}) + 0.12e0 + 0.11e0 / sqrt({{ size }})) * {{ d }}
{%- endmacro %}
