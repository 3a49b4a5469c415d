{% macro reference(name) %}
    {#- Body of <monitor>__reference: the frozen bins and what the reference holds in each. Built once per edge set. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        incremental_strategy=ml_monitor.incremental_strategy(),
        unique_key='edge_set_id',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
    ) }}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set source_relation = ml_monitor.monitor_relation(spec.reference.relation) if spec.reference.relation is defined else log -%}
    {%- do ml_monitor.check_log_columns(spec, log, source_relation) -%}
    with

    {{ ml_monitor.reference_rows(spec, unless="exists (select 1 from " ~ this ~ " as frozen where frozen.edge_set_id = '" ~ spec.edge_set_id ~ "')" if is_incremental()) }},

    {{ ml_monitor.numeric_bins(spec, 'reference_rows') }},

    {{ ml_monitor.category_bins(spec, 'reference_rows') }},

    bins as (
        {{ ml_monitor.all_bins(spec) }}
    ),

    edges as (
        {{ ml_monitor.bin_edges(spec, 'bins') }}
    ),

    wide as (
        {{ ml_monitor.wide_counts(spec, 'reference_rows', 'edges', []) }}
    ),

    counts as (
        {{ ml_monitor.tall_counts(spec, 'wide', 'reference_rows', 'bins', []) }}
    ),

    segments as (
        select segment, segment_value from wide where n_rows > 0
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            '{{ spec.edge_set_id }}' as edge_set_id,
            segments.segment,
            segments.segment_value,
            bins.feature,
            bins.feature_type,
            bins.bin,
            bins.bin_kind,
            bins.lower_bound,
            bins.upper_bound,
            bins.category,
            coalesce(counts.n, 0) as n,
            bins.centre,
            bins.clip_low,
            bins.clip_high,
            bins.robust_deviation,
            counts.value_sum,
            counts.value_sum_squares,
            counts.value_min,
            counts.value_max,
            counts.n_valid,
            {{ ml_monitor.monitoring_now() }} as frozen_at,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from segments
        cross join bins
        left join counts
            on counts.segment = segments.segment
            and counts.segment_value = segments.segment_value
            and counts.feature = bins.feature
            and counts.bin = bins.bin
            and (counts.category = bins.category or (counts.category is null and bins.category is null))
        where segments.segment = '__all__' or counts.n > 0 or bins.bin = 0
    )

    select * from final
{% endmacro %}
