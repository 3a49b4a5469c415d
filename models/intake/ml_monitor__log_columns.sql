{{ config(
    enabled=ml_monitor.any_monitors(),
    materialized='incremental',
    incremental_strategy=ml_monitor.append_strategy(),
    on_schema_change='append_new_columns',
) }}

with

{%- for spec in ml_monitor.monitors() %}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) %}
    {%- set columns = (spec.variables | map(attribute='column') | list) + (ml_monitor.segment_sources(spec).values() | list) + (ml_monitor.custom_metrics(spec).columns.keys() | list) %}

observed_{{ loop.index }} as (
    select {{ ml_monitor.literal(spec.name) }} as monitor, '{{ spec.edge_set_id }}' as edge_set_id, column_name, data_type
    from (
        {{ ml_monitor.log_column_types(log, columns | unique | list) }}
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
    select
        monitor, edge_set_id, column_name, data_type,
        row_number() over (partition by monitor, edge_set_id, column_name order by observed_at desc) as recency
    from {{ this }}
),
{%- endif %}

final as (
    select
        observed.monitor,
        observed.edge_set_id,
        observed.column_name,
        observed.data_type,
        {{ ml_monitor.monitoring_now() }} as observed_at
    from observed
    {%- if is_incremental() %}
    left join known
        on known.monitor = observed.monitor
        and known.edge_set_id = observed.edge_set_id
        and known.column_name = observed.column_name
        and known.recency = 1
    where known.monitor is null or known.data_type <> observed.data_type
    {%- endif %}
)

select * from final
