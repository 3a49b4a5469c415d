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
        `sampled_rows` for counting single values, `edge_rows` with the numbers that quantiles are of: memory must not grow with the reference. -#}
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

    sizes as (
        select count(*) as n_rows from raw_rows
    ),

    sampled_rows as {{ ml_monitor.inline_cte() }} (
        select parsed_rows.*
        from parsed_rows
        cross join sizes
        where {{ ml_monitor.is_sampled('parsed_rows.row_id', 'sizes.n_rows') }}
    ),

    edge_rows as {{ ml_monitor.inline_cte() }} (
        select drawn.*
            {%- for variable in spec.variables if variable.type == 'numeric' %}
            {%- set i = spec.variables.index(variable) + 1 %},
            case when is_drawn = 1 then x{{ i }} end as e{{ i }}
            {%- endfor %}
        from (
            select parsed_rows.*, case when {{ ml_monitor.is_sampled('parsed_rows.row_id', 'sizes.n_rows', most=1000000) }} then 1 end as is_drawn
            from parsed_rows
            cross join sizes
        ) as drawn
    )
{% endmacro %}
