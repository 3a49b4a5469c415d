{#- Which values of a segment are kept apart is frozen with the bins: those that are frequent in the reference. The rest is `__other__`, so that
    a column of a million values costs no more than one of fifty. -#}

{% macro kept_segments(spec, rows) %}
    segment_counts as (
        {%- if spec.segments %}
        select
            {{- ml_monitor.segment_columns(spec.segments) }},
            count(*) as n
        from (
            select
                {%- for segment in spec.segments %}
                {{ ml_monitor.segment_value_of(spec, segment) }} as segment_{{ loop.index }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ rows }}
        ) as segment_values
        {{ ml_monitor.grouping_keys([], spec.segments) }}
        {%- else %}
        select '' as segment, '' as segment_value, 0 as n {{ ml_monitor.no_rows() }}
        {%- endif %}
    ),

    ranked_segments as (
        select segment, segment_value, n, row_number() over (partition by segment order by n desc, segment_value) as frequency_rank
        from segment_counts
        where segment <> '__all__' and segment_value <> '__missing__'
    ),

    kept_segments as (
        select segment, segment_value, n from ranked_segments
        where 1 = 0
            {%- for segment, limits in spec.segment_limits.items() %}
            or (segment = {{ ml_monitor.literal(segment) }} and frequency_rank <= {{ limits.top }} and n >= {{ limits.min_rows }})
            {%- endfor %}
    )
{% endmacro %}


{% macro frozen_segments(spec) %}
    {#- The kept values as the reference table has them. -#}
    select segment, segment_value, updated_at from {{ ref(spec.name ~ '__reference') }}
    where edge_set_id = '{{ spec.edge_set_id }}' and bin = {{ ml_monitor.bin_codes().kept_segment }}
{%- endmacro %}


{% macro kept_segment_columns(spec) %}
    {%- for segment in spec.segments %}
        {%- set value = ml_monitor.segment_value_of(spec, segment) %}
        case when kept_{{ loop.index }}.segment_value is not null or {{ value }} = '__missing__' then {{ value }} else '__other__' end as segment_{{ loop.index }},
    {%- endfor %}
{% endmacro %}


{% macro kept_segment_joins(spec) %}
    {%- for segment in spec.segments %}
        left join kept_segments as kept_{{ loop.index }}
            on kept_{{ loop.index }}.segment = {{ ml_monitor.literal(segment) }} and kept_{{ loop.index }}.segment_value = {{ ml_monitor.segment_value_of(spec, segment) }}
    {%- endfor %}
{% endmacro %}
