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
    select {{ ml_monitor.literal(spec.name) }} as monitor, '{{ spec.edge_set_id }}' as edge_set_id, column_name, data_type, is_declared
    from (
        {{ ml_monitor.log_column_types(log, columns | unique | list) }}
    ) as columns_now
),
{%- endfor %}

observed as (
    {%- for spec in ml_monitor.monitors() %}
    select monitor, edge_set_id, column_name, data_type, is_declared from observed_{{ loop.index }} {{ 'union all' if not loop.last }}
    {%- endfor %}
),

{%- if is_incremental() %}

known as (
    select monitor, edge_set_id, column_name, data_type, is_declared
    from (
        select *, row_number() over (partition by monitor, edge_set_id, column_name order by observed_at desc) as recency
        from {{ this }}
    ) as ranked
    where recency = 1
),

columns_now as (
    select * from observed
    union all
    {#- Nobody asked for these, so the catalogue does not say that they are gone. #}
    select known.monitor, known.edge_set_id, known.column_name, 'absent', false
    from known
    inner join (select distinct monitor, edge_set_id from observed) as watched
        on watched.monitor = known.monitor
        and watched.edge_set_id = known.edge_set_id
    left join observed
        on observed.monitor = known.monitor
        and observed.edge_set_id = known.edge_set_id
        and observed.column_name = known.column_name
    where not known.is_declared and observed.monitor is null
),
{%- endif %}

final as (
    select
        observed.monitor,
        observed.edge_set_id,
        observed.column_name,
        observed.data_type,
        {{ ml_monitor.monitoring_now() }} as observed_at,
        observed.is_declared
    from {{ 'columns_now' if is_incremental() else 'observed' }} as observed
    {%- if is_incremental() %}
    left join known
        on known.monitor = observed.monitor
        and known.edge_set_id = observed.edge_set_id
        and known.column_name = observed.column_name
    where known.monitor is null or known.data_type <> observed.data_type
    {%- endif %}
)

select * from final
