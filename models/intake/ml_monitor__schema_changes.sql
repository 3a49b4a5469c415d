{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Columns whose type is not the one first seen for the monitor's edge set; it ends when the first type is back. -#}

with

log_columns as (
    select monitor, edge_set_id, column_name, data_type, observed_at from {{ ref('ml_monitor__log_columns') }}
),

monitors as (
    select monitor, edge_set_id from {{ ref('ml_monitor__monitors') }}
),

ordered as (
    select
        log_columns.monitor,
        log_columns.column_name,
        log_columns.data_type,
        log_columns.observed_at as changed_at,
        lead(log_columns.observed_at) over (partition by log_columns.monitor, log_columns.column_name order by log_columns.observed_at) as ended_at,
        first_value(log_columns.data_type) over (partition by log_columns.monitor, log_columns.column_name order by log_columns.observed_at) as first_data_type
    from log_columns
    inner join monitors on monitors.monitor = log_columns.monitor and monitors.edge_set_id = log_columns.edge_set_id
),

final as (
    select monitor, column_name, first_data_type, data_type, changed_at, ended_at
    from ordered
    where data_type <> first_data_type or data_type = 'absent'
)

select * from final
