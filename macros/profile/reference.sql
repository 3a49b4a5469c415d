{% macro reference(name) %}
    {#- Body of <monitor>__reference: the frozen bins and what the reference holds in each. Built once per edge set. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['edge_set_id'])
    ) }}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set source_relation = ml_monitor.monitor_relation(spec.reference.relation) if spec.reference.relation is defined else log -%}
    {%- do ml_monitor.check_log_columns(spec, log, source_relation) -%}
    {{ ml_monitor.frozen_reference(spec, source_relation) }}
{% endmacro %}


{% macro frozen_reference(spec, relation) %}
    {#- The bins of the monitored variables, from the reference's rows in a relation. -#}
    with

    reference_facts as (
        {%- for part in ml_monitor.parts_of_variables(spec) %}
        select * from (
            {{ ml_monitor.frozen_part(part, relation, with_segments=loop.first and not spec.segments_are_frozen) }}
        ) as part_{{ loop.index }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    final as (
        select
            {{ ml_monitor.literal(spec.name) }} as monitor,
            '{{ spec.edge_set_id }}' as edge_set_id,
            segment,
            segment_value,
            feature,
            feature_type,
            bin,
            bin_kind,
            lower_bound,
            upper_bound,
            category,
            n,
            centre,
            clip_low,
            clip_high,
            robust_deviation,
            value_sum,
            value_sum_squares,
            value_min,
            value_max,
            n_valid,
            {{ ml_monitor.monitoring_now() }} as frozen_at,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from reference_facts
    )

    select * from final
{% endmacro %}


{% macro frozen_part(spec, relation, with_segments) %}
    {#- The bins of some variables; `with_segments`: and the segment values kept apart. -#}
    with

    {{ ml_monitor.raw_reference_rows(spec, relation, unless=ml_monitor.edges_are_frozen(spec) if is_incremental()) }},

    {{ ml_monitor.prepared_reference(spec) }},

    {{ ml_monitor.frequent_values(spec, 'sampled_rows', [], top=20, share=0) }},

    {{ ml_monitor.edge_rows(spec) }},

    {{ ml_monitor.numeric_bins(spec, 'edge_rows') }},

    {{ ml_monitor.category_bins(spec, 'parsed_rows') }},

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

    {{ ml_monitor.counted_bins() }}

    {{ ml_monitor.reference_facts(spec, with_segments) }}
{% endmacro %}


{% macro counted_bins() %}
    {#- What the reference holds in each bin, for the whole and for each segment. -#}
    segments as (
        select segment, segment_value from wide where n_rows > 0
    ),

    counted_bins as (
        select
            segments.segment,
            segments.segment_value,
            bins.*,
            coalesce(counts.n, 0) as n,
            counts.value_sum,
            counts.value_sum_squares,
            counts.value_min as low,
            counts.value_max as high,
            counts.n_valid
        from segments
        cross join bins
        left join counts
            on counts.segment = segments.segment
            and counts.segment_value = segments.segment_value
            and counts.feature = bins.feature
            and counts.bin = bins.bin
            {#- Within a bin all categories have a name or none has: equality, which every warehouse can hash. #}
            and coalesce(counts.category, '') = coalesce(bins.category, '')
        where segments.segment = '__all__' or counts.n > 0 or bins.bin = 0
    )
{% endmacro %}


{% macro reference_facts(spec, with_segments) %}
    {#- What is frozen, as rows of one form: the bins, the frequent values of numeric variables, the segment values kept apart. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set extremes = 'value_min, value_max' if spec.privacy.minimum_cell > 1 else 'low as value_min, high as value_max' %}
    select segment, segment_value, feature, feature_type, bin, bin_kind, lower_bound, upper_bound, category, n,
        centre, clip_low, clip_high, robust_deviation, value_sum, value_sum_squares, {{ extremes }}, n_valid
    from counted_bins
    union all
    select '__all__', '__all__', feature, 'numeric', {{ codes.frequent_value }}, 'frequent value', null, null, null, n,
        null, null, null, null, null, null, value, null, n_valid
    from frequent_values
    {%- if with_segments %}
    union all
    select segment, segment_value, '__all__', null, {{ codes.kept_segment }}, 'segment', null, null, null, n,
        null, null, null, null, null, null, null, null, null
    from kept_segments
    {%- endif %}
{% endmacro %}
