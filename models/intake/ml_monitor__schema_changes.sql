{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Columns that are gone, whose type is not the one first seen for the monitor's edge set, or that came later than the others; a change of type ends
    when the first type is back. -#}

{%- set of_column = 'over (partition by log_columns.monitor, log_columns.column_name order by log_columns.observed_at)' %}
{%- set declared, times = [], [] %}
{%- for spec in ml_monitor.monitors() %}
    {%- do times.append({'monitor': ml_monitor.literal(spec.name), 'column_name': ml_monitor.literal(spec.predicted_at)}) %}
    {%- for column in ml_monitor.monitored_columns(spec) %}
        {%- do declared.append({'monitor': ml_monitor.literal(spec.name), 'column_name': ml_monitor.literal(column)}) %}
    {%- endfor %}
{%- endfor %}

with

log_columns as (
    select monitor, edge_set_id, column_name, data_type, observed_at from {{ ref('ml_monitor__log_columns') }}
),

monitors as (
    select monitor, edge_set_id from {{ ref('ml_monitor__monitors') }}
),

monitored_columns as (
    {{ ml_monitor.constant_rows(declared) }}
),

times as (
    {{ ml_monitor.constant_rows(times) }}
),

ordered as (
    select
        log_columns.monitor,
        log_columns.column_name,
        case when monitored_columns.column_name is not null then 1 else 0 end as is_monitored,
        log_columns.data_type,
        log_columns.observed_at as changed_at,
        lead(log_columns.observed_at) {{ of_column }} as ended_at,
        first_value(log_columns.data_type) {{ of_column }} as first_data_type,
        first_value(log_columns.observed_at) {{ of_column }} as first_observed_at,
        {#- The time of a prediction is the column that every log has and that nothing is computed from: it tells since when all columns are listed. #}
        min(case when times.column_name is not null then log_columns.observed_at end) over (partition by log_columns.monitor) as listed_since
    from log_columns
    inner join monitors on monitors.monitor = log_columns.monitor and monitors.edge_set_id = log_columns.edge_set_id
    left join monitored_columns on monitored_columns.monitor = log_columns.monitor and monitored_columns.column_name = log_columns.column_name
    left join times on times.monitor = log_columns.monitor and times.column_name = log_columns.column_name
),

final as (
    select
        monitor,
        column_name,
        case when data_type = 'absent' then 'lost' when data_type <> first_data_type and first_data_type <> 'absent' then 'retyped' else 'added' end as change,
        is_monitored,
        first_data_type,
        data_type,
        changed_at,
        ended_at
    from ordered
    where data_type <> first_data_type
        or data_type = 'absent'
        or (is_monitored = 0 and first_observed_at > listed_since)
)

select * from final
