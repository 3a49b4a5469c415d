{% macro smoothed_share(n, total, bins, floor) %}
    {#- Share of a bin that is never zero. Jeffreys: (n + 1/2) / (total + bins / 2), a prior that fades as data come.
        With `floor` (not NULL): max(n / total, floor), the convention of most published PSI code.
        `case` and not greatest(): greatest(NULL, x) is x in some warehouses and NULL in others. -#}
    case
        when {{ total }} is null or {{ total }} <= 0 then null
        when {{ floor }} is null then ({{ n }} + 0.5e0) / ({{ total }} + 0.5e0 * {{ bins }})
        when 1e0 * {{ n }} / {{ total }} < {{ floor }} then {{ floor }}
        else 1e0 * {{ n }} / {{ total }}
    end
{% endmacro %}
