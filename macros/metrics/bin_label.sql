{% macro bin_label(bins) %}
    {#- How people read a bin: "<= 7", "7 to 8", "0", "> 19", a category, or what kind of non-value it is. -#}
    case {{ bins }}.bin_kind
        when 'category' then {{ bins }}.category
        when 'other' then 'other categories'
        when 'interval' then case
            when {{ bins }}.lower_bound is null and {{ bins }}.upper_bound is null then 'any value'
            when {{ bins }}.lower_bound is null then '<= ' || {{ ml_monitor.short_number(bins ~ '.upper_bound') }}
            when {{ bins }}.upper_bound is null then '> ' || {{ ml_monitor.short_number(bins ~ '.lower_bound') }}
            else {{ ml_monitor.short_number(bins ~ '.lower_bound') }} || ' to ' || {{ ml_monitor.short_number(bins ~ '.upper_bound') }}
        end
        when 'point' then {{ ml_monitor.short_number(bins ~ '.upper_bound') }}
        else {{ bins }}.bin_kind
    end
{%- endmacro %}
