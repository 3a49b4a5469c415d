{% macro raw_reference_rows(spec, relation, unless=none) %}
    {#- CTEs up to `raw_rows`: the rows of the reference as logged. `unless`: a condition under which none are read. -#}
    {%- if var('ml_monitor__excluded_periods', none) %}
    excluded_periods as (
        {{ ml_monitor.excluded_periods() }}
    ),

    {% endif %}
    reference_log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(relation, {'predicted_at': spec.predicted_at}, dict(ml_monitor.optional_columns(spec), row_id=spec.prediction_id)) }}
    ),

    raw_rows as {{ ml_monitor.inline_cte() }} (
        select *
        from reference_log
        where {{ ml_monitor.reference_period(spec, 'reference_log') }}
            {%- if var('ml_monitor__excluded_periods', none) %}
            and not {{ ml_monitor.is_excluded(ml_monitor.literal(spec.name), 'reference_log.predicted_at') }}
            {%- endif %}
            {%- if unless %}
            and not {{ unless }}
            {%- endif %}
    )
{% endmacro %}


{% macro reference_rows(spec, unless=none) %}
    {#- CTEs up to `reference_rows`: the same parsed. -#}
    {%- set relation = ml_monitor.monitor_relation(spec.reference.relation if spec.reference.relation is defined else spec.predictions) -%}
    {{ ml_monitor.raw_reference_rows(spec, relation, unless) }},

    reference_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{ ml_monitor.parsed_columns(spec) }}
        from raw_rows
        {{ ml_monitor.computed_once() }}
    )
{% endmacro %}


{% macro edges_are_frozen(spec) %}
    {{- return("exists (select 1 from " ~ this ~ " as frozen where frozen.edge_set_id = '" ~ spec.edge_set_id ~ "')") -}}
{% endmacro %}


{% macro prepared_reference(spec) %}
    {#- The raw rows parsed: `parsed_rows` with the columns of segments as logged, `reference_rows` with the segment values that are kept,
        `sampled_rows` for counting single values. -#}
    {%- if spec.segments_are_frozen %}
    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),
    {%- else %}
    {{ ml_monitor.kept_segments(spec, 'raw_rows') }},
    {%- endif %}

    parsed_rows as {{ ml_monitor.inline_cte() }} (
        select
            {#- a reference need not have ids #}
            coalesce(cast(row_id as {{ dbt.type_string() }}), cast(predicted_at as {{ dbt.type_string() }})) as row_id,
            case when row_id is not null then 1 end as has_id,
            {{ ml_monitor.parsed_columns(spec) }}
        from raw_rows
        {{ ml_monitor.computed_once() }}
    ),

    reference_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{- ml_monitor.kept_segment_columns(spec) }}
            parsed_rows.*
        from parsed_rows
        {{- ml_monitor.kept_segment_joins(spec) }}
    ),

    {{ ml_monitor.reference_sizes(spec) }},

    sampled_rows as {{ ml_monitor.inline_cte() }} (
        select parsed_rows.*
        from parsed_rows
        cross join sizes
        where {{ ml_monitor.is_sampled(ml_monitor.md5('parsed_rows.row_id'), 'sizes.n_rows') }}
    )
{% endmacro %}


{% macro reference_sizes(spec) %}
    {#- CTE `sizes`: how many rows the reference has, and of each number how many are there. -#}
    sizes as (
        select
            {%- for variable in spec.variables if variable.type == 'numeric' %}
            {%- set i = spec.variables.index(variable) + 1 %}
            count(raw_{{ i }}) as n{{ i }},
            {%- endfor %}
            count(*) as n_rows
        from raw_rows
    )
{%- endmacro %}


{% macro edge_rows(spec) %}
    {#- CTE: the numbers that quantiles are of (`e<i>`). Of more than a million values a part, so that memory does not grow with the reference: as drawn
        by the ids of the rows. Rows without an id are all taken: they may all have one time. -#}
    edge_rows as {{ ml_monitor.inline_cte() }} (
        select hashed.*
            {%- for variable in spec.variables if variable.type == 'numeric' %}
            {%- set i = spec.variables.index(variable) + 1 %},
            case when row_hash is null or {{ ml_monitor.is_sampled('row_hash', 'n' ~ i, most=1000000, zeros=3) }} then x{{ i }} end as e{{ i }}
            {%- endfor %}
        from (
            select parsed_rows.*, sizes.*, case when sizes.n_rows > 1000000 and has_id = 1 then {{ ml_monitor.md5('parsed_rows.row_id') }} end as row_hash
            from parsed_rows
            cross join sizes
        ) as hashed
    )
{%- endmacro %}
