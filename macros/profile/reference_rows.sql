{% macro reference_rows(spec, relation) %}
    {#- Rows of the reference as logged. None once the edge set is frozen. -#}
    excluded_periods as (
        {{ ml_monitor.excluded_periods() }}
    ),

    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(relation, {'predicted_at': spec.predicted_at}, dict(ml_monitor.optional_columns(spec), row_id=spec.prediction_id)) }}
    ),

    raw_rows as {{ ml_monitor.inline_cte() }} (
        select *
        from log
        where {{ ml_monitor.reference_period(spec, 'log') }}
            {%- if var('ml_monitor__excluded_periods', none) %}
            and not {{ ml_monitor.is_excluded(ml_monitor.literal(spec.name), 'log.predicted_at') }}
            {%- endif %}
        {%- if is_incremental() %}
            and not exists (select 1 from {{ this }} as frozen where frozen.edge_set_id = '{{ spec.edge_set_id }}')
        {%- endif %}
    )
{% endmacro %}


{% macro prepared_reference(spec) %}
    {#- The same parsed: `parsed_rows` with the columns of segments as logged, `reference_rows` with the segment values that are kept,
        `sampled_rows` for counting single values. -#}
    {{ ml_monitor.kept_segments(spec, 'raw_rows') }},

    parsed_rows as {{ ml_monitor.inline_cte() }} (
        select
            {#- a reference need not have ids #}
            coalesce(cast(row_id as {{ dbt.type_string() }}), cast(predicted_at as {{ dbt.type_string() }})) as row_id,
            {{ ml_monitor.parsed_columns(spec) }}
        from raw_rows
    ),

    reference_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{- ml_monitor.kept_segment_columns(spec) }}
            parsed_rows.*
        from parsed_rows
        {{- ml_monitor.kept_segment_joins(spec) }}
    ),

    sampled_rows as {{ ml_monitor.inline_cte() }} (
        select parsed_rows.*
        from parsed_rows
        cross join (select count(*) as n_rows from raw_rows) as sizes
        where {{ ml_monitor.is_sampled('parsed_rows.row_id', 'sizes.n_rows') }}
    )
{% endmacro %}
