{% macro rewritten_rows(rows, columns, keys, replaced) %}
    {#- The new rows, and beside them the old rows of the groups (`replaced`) that are about to be overwritten. -#}
    {%- if not is_incremental() -%}
    select * from {{ rows }}
    {%- else -%}
    select {{ columns | join(', ') }}
    from (
        select *,
            max(is_new) over (partition by {{ replaced | join(', ') }}) as is_replaced,
            row_number() over (partition by {{ keys | join(', ') }} order by is_new desc) as place
        from (
            select {{ columns | join(', ') }}, 1 as is_new from {{ rows }}
            union all
            select {{ columns | join(', ') }}, 0 as is_new from {{ this }}
        ) as new_and_old
    ) as ranked
    where is_replaced = 1 and place = 1
    {%- endif -%}
{% endmacro %}
