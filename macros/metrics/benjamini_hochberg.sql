{% macro benjamini_hochberg(rows, p, family) %}
    {#- The rows with `q_<p>` beside each p-value: the smallest false discovery rate at which it is a discovery (Benjamini and Hochberg
        1995). A row without a p-value is not a test. -#}
    select *,
        case when {{ p }} is not null then
            min({{ p }}_scaled) over (partition by {{ family }} order by {{ p }}_rank desc rows between unbounded preceding and current row)
        end as q_{{ p }}
    from (
        select *,
            case when {{ p }} * {{ p }}_tests / {{ p }}_rank < 1 then {{ p }} * {{ p }}_tests / {{ p }}_rank else 1e0 end as {{ p }}_scaled
        from (
            select *,
                row_number() over (partition by {{ family }} order by case when {{ p }} is null then 1 else 0 end, {{ p }}) as {{ p }}_rank,
                count({{ p }}) over (partition by {{ family }}) as {{ p }}_tests
            from {{ rows }}
        ) as ranked_{{ p }}
    ) as scaled_{{ p }}
{%- endmacro %}
