{% macro absent_bins(distance, suffix='') %}
    {#- Bins that are empty on both sides have no row, but Jeffreys smoothing gives them mass: the same for each, so their part of
        the sum is (number of them) x (one term). With a floor both sides are equal there and add nothing. -#}
    {%- set bins = 'n_bins' ~ suffix -%}
    {%- set q = '(0.5e0 / (window_size' ~ suffix ~ ' + 0.5e0 * ' ~ bins ~ '))' -%}
    {%- set p = '(0.5e0 / (reference_size' ~ suffix ~ ' + 0.5e0 * ' ~ bins ~ '))' -%}
    {%- set term = ml_monitor.psi_term(q, p) if distance == 'psi' else q ~ ' * ln(' ~ q ~ ' / ' ~ p ~ ')' -%}
    case
        when smoothing_floor is not null or window_size{{ suffix }} = 0 or reference_size{{ suffix }} = 0 then 0
        else ({{ bins }} - n_present{{ suffix }}) * {{ term }}
    end
{%- endmacro %}
