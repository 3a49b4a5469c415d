{{ config(
    enabled=ml_monitor.any_monitors(),
    materialized='incremental',
    incremental_strategy=ml_monitor.append_strategy(),
    on_schema_change='append_new_columns',
) }}

with

{%- for spec in ml_monitor.monitors() %}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) %}

observed_{{ loop.index }} as (
    select {{ ml_monitor.literal(spec.name) }} as monitor, '{{ spec.edge_set_id }}' as edge_set_id, column_name, data_type
    from (
        {{ ml_monitor.log_column_types(log, ml_monitor.monitored_columns(spec)) }}
    ) as columns_now
),
{%- endfor %}

observed as (
    {%- for spec in ml_monitor.monitors() %}
    select monitor, edge_set_id, column_name, data_type from observed_{{ loop.index }} {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{%- if is_incremental() %}

known as (
    select monitor, edge_set_id, column_name, data_type
    from (
        select *, row_number() over (partition by monitor, edge_set_id, column_name order by observed_at desc) as recency
        from {{ this }}
    ) as ranked
    where recency = 1
),
{%- endif %}

{%- if is_incremental() and ml_monitor.knows_all_columns() %}

{#- Nobody asks for these, so the catalogue does not say that they are gone. #}
gone as (
    select known.monitor, known.edge_set_id, known.column_name, 'absent' as data_type
    from known
    inner join (select distinct monitor, edge_set_id from observed) as watched
        on watched.monitor = known.monitor
        and watched.edge_set_id = known.edge_set_id
    left join observed
        on observed.monitor = known.monitor
        and observed.edge_set_id = known.edge_set_id
        and observed.column_name = known.column_name
    where observed.monitor is null
),
{%- endif %}

current_columns as (
    select monitor, edge_set_id, column_name, data_type from observed
    {%- if is_incremental() and ml_monitor.knows_all_columns() %}
    union all
    select monitor, edge_set_id, column_name, data_type from gone
    {%- endif %}
),

final as (
    select
        current_columns.monitor,
        current_columns.edge_set_id,
        current_columns.column_name,
        current_columns.data_type,
        {{ ml_monitor.monitoring_now() }} as observed_at
    from current_columns
    {%- if is_incremental() %}
    left join known
        on known.monitor = current_columns.monitor
        and known.edge_set_id = current_columns.edge_set_id
        and known.column_name = current_columns.column_name
    where known.monitor is null or known.data_type <> current_columns.data_type
    {%- endif %}
)

select * from final
