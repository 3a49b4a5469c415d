{% macro just_below(x) %}
    {#- The largest double below x (an IEEE 754 neighbour), so that "x alone" is the ordinary bin (just_below(x), x].
        2^-53 relative for x > 0; 1.5 * 2^-53 for x < 0, where rounding goes away from zero. -#}
    case
        when {{ x }} > 0 then {{ x }} - {{ x }} * 1.1102230246251565e-16
        when {{ x }} < 0 then {{ x }} + {{ x }} * 1.6653345369377348e-16
        else -1e-300
    end
{% endmacro %}
