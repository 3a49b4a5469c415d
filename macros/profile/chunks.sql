{#- Windows that are chunks of rows: each begins where the log had so many rows since the last began. The beginnings are kept in
    <monitor>__chunks, numbered from 1 and never moved, so late rows join their chunk and every window stays an interval of time. The last
    one is open: it has no end yet, and is not judged. -#}

{% macro chunks(name) %}
    {#- Body of <monitor>__chunks. Rows of one moment stay together, so a chunk has at least about `chunk_rows` rows. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        enabled=spec.chunk_rows is not none,
        materialized='incremental',
        incremental_strategy=ml_monitor.append_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['ml_monitor_profile'],
        meta={'ml_monitor': spec},
    ) }}
    {%- set moment = ml_monitor.identifier(spec.predicted_at) -%}
    with

    last_chunk as (
        {%- if is_incremental() %}
        select coalesce(max(chunk_number), 0) as chunk_number, max(starts_at) as starts_at, coalesce(max(rows_before), 0) as rows_before from {{ this }}
        {%- else %}
        select 0 as chunk_number, cast(null as timestamp) as starts_at, 0 as rows_before
        {%- endif %}
    ),

    moments as (
        select cast({{ moment }} as timestamp) as predicted_at, count(*) as n
        from {{ ml_monitor.monitor_relation(spec.predictions) }}
        where {{ moment }} < {{ ml_monitor.monitoring_now() }}
            and {{ moment }} >= (select coalesce(starts_at, cast('1900-01-01' as timestamp)) from last_chunk)
        group by cast({{ moment }} as timestamp)
    ),

    {{ ml_monitor.numbered_chunks(spec.chunk_rows) }}

    select * from final
{% endmacro %}


{% macro numbered_chunks(rows) %}
    {#- CTEs up to `final`: the chunks that begin after the last one known. Rows are counted from the beginning of the log, so that it does not
        matter in how many runs they came. -#}
    counted as (
        select moments.predicted_at, last_chunk.chunk_number, last_chunk.rows_before,
            last_chunk.rows_before + sum(moments.n) over (order by moments.predicted_at) - moments.n as n_before
        from moments
        cross join last_chunk
    ),

    beginnings as (
        select min(predicted_at) as starts_at, min(n_before) as rows_before, max(chunk_number) as last_number
        from counted
        where floor(n_before / {{ rows }}e0) > floor(rows_before / {{ rows }}e0) or chunk_number = 0
        group by floor(n_before / {{ rows }}e0)
    ),

    final as (
        select
            cast(last_number + row_number() over (order by starts_at) as bigint) as chunk_number,
            starts_at,
            cast(rows_before as bigint) as rows_before
        from beginnings
    )
{% endmacro %}


{% macro chunk_start(moment, unit) %}
    {#- Start of the chunk that holds a moment. What was logged later, for a time before the first chunk, is counted with the first. -#}
    {%- set chunks = ml_monitor.monitor_relation(unit.model) -%}
    {%- set start = ml_monitor.numbered_chunk_start(ml_monitor.chunks_begun(moment, chunks), chunks) -%}
    {{- return('case when ' ~ moment ~ ' is not null then coalesce(' ~ start ~ ', (select min(starts_at) from ' ~ chunks ~ ')) end') -}}
{% endmacro %}


{% macro add_chunks(number, window_start, unit) %}
    {#- A chunk that has not begun lies in a far future, and one before the first in the far past: neither is NULL, which would be `unknown`. -#}
    {%- set chunks = ml_monitor.monitor_relation(unit.model) -%}
    {%- set start = ml_monitor.numbered_chunk_start(ml_monitor.chunks_begun(window_start, chunks) ~ ' + (' ~ number ~ ')', chunks) -%}
    {%- set missing = ml_monitor.window_epoch(unit) if number is integer and number < 0 else "cast('2200-01-01' as timestamp)" -%}
    {{- return('case when ' ~ window_start ~ ' is not null then coalesce(' ~ start ~ ', ' ~ missing ~ ') end') -}}
{% endmacro %}


{% macro chunks_begun(moment, chunks) %}{{ return(adapter.dispatch('chunks_begun', 'ml_monitor')(moment, chunks)) }}{% endmacro %}

{% macro default__chunks_begun(moment, chunks) %}
    {{- return('(select count(*) from ' ~ chunks ~ ' as begun where begun.starts_at <= ' ~ moment ~ ')') -}}
{% endmacro %}


{% macro numbered_chunk_start(number, chunks) %}{{ return(adapter.dispatch('numbered_chunk_start', 'ml_monitor')(number, chunks)) }}{% endmacro %}

{% macro default__numbered_chunk_start(number, chunks) %}
    {{- return('(select max(numbered.starts_at) from ' ~ chunks ~ ' as numbered where numbered.chunk_number = ' ~ number ~ ')') -}}
{% endmacro %}
