{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Columns that came later than the others, are gone, or whose type is not the one first seen for the monitor's edge set; a change of type ends
    when the first type is back. -#}

{%- set of_column = 'over (partition by log_columns.monitor, log_columns.column_name order by log_columns.observed_at)' %}

with

log_columns as (
    select monitor, edge_set_id, column_name, data_type, observed_at, is_declared from {{ ref('ml_monitor__log_columns') }}
),

monitors as (
    select monitor, edge_set_id from {{ ref('ml_monitor__monitors') }}
),

ordered as (
    select
        log_columns.monitor,
        log_columns.column_name,
        coalesce(log_columns.is_declared, true) as is_declared,
        log_columns.data_type,
        log_columns.observed_at as changed_at,
        lead(log_columns.observed_at) {{ of_column }} as ended_at,
        lag(log_columns.data_type) {{ of_column }} as previous_data_type,
        first_value(log_columns.data_type) {{ of_column }} as first_data_type,
        {#- Rows of older versions do not say whether their column was declared: the others are watched since the first that does. #}
        min(case when log_columns.is_declared is not null then log_columns.observed_at end) over (partition by log_columns.monitor) as watched_since
    from log_columns
    inner join monitors on monitors.monitor = log_columns.monitor and monitors.edge_set_id = log_columns.edge_set_id
),

final as (
    select
        monitor,
        column_name,
        case when data_type = 'absent' then 'lost' when previous_data_type is null or previous_data_type = 'absent' then 'added' else 'retyped' end as change,
        is_declared,
        first_data_type,
        data_type,
        changed_at,
        ended_at
    from ordered
    where data_type <> first_data_type
        or data_type = 'absent'
        or (previous_data_type is null and changed_at > watched_since)
)

select * from final
