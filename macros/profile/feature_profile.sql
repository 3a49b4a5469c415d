{% macro feature_profile(name) %}
    {#- Body of <monitor>__feature_profile: additive counts per window, version, segment, feature and frozen bin. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['edge_set_id', 'window_start'])
    ) }}
    {{- ml_monitor.profiled_log(spec, ml_monitor.monitor_relation(spec.predictions), 'reference') }}
{% endmacro %}


{% macro profiled_log(spec, log, reference_kind) %}
    {#- The profile of the monitored variables of a log, in the bins that the monitor's model of the kind `reference_kind` has frozen. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    with

    bins as (
        select feature, feature_type, bin, upper_bound, category, centre, value_min, value_max, updated_at
        from {{ ref(spec.name ~ '__' ~ reference_kind) }}
        where edge_set_id = '{{ spec.edge_set_id }}' and segment = '__all__' and bin <> {{ codes.frequent_value }}
    ),

    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),

    {{ ml_monitor.touched_windows(spec, log, 'bins') }},

    counts as (
        {%- for part in ml_monitor.parts_of_variables(spec) %}
        select * from (
            {{ ml_monitor.profiled_part(part, log, with_rows=loop.first) }}
        ) as part_{{ loop.index }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    final as (
        select
            {{ ml_monitor.literal(spec.name) }} as monitor,
            '{{ spec.edge_set_id }}' as edge_set_id,
            model_version,
            segment,
            segment_value,
            feature,
            window_start,
            {{ ml_monitor.window_number_of('window_start', spec.window, spec.timezone) }} as window_number,
            bin,
            category,
            n,
            value_sum,
            value_sum_squares,
            value_min,
            value_max,
            n_below,
            n_above,
            n_valid,
            n_out_of_bounds,
            predicted_until,
            loaded_until,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from counts
    )

    select * from final
{% endmacro %}


{% macro profiled_part(spec, log, with_rows) %}
    {#- The counts of some variables; `with_rows`: and what is about rows. -#}
    {%- set keys = ['window_start', 'model_version'] -%}
    {#- Where privacy is on, no value of a single row is kept. -#}
    {%- set nothing = 'cast(null as ' ~ ml_monitor.type_double() ~ ')' -%}
    {%- set extremes = nothing ~ ' as value_min, ' ~ nothing ~ ' as value_max' if spec.privacy.minimum_cell > 1 else 'value_min, value_max' -%}
    with

    edges as (
        {{ ml_monitor.bin_edges(spec, 'bins') }}
    ),

    {{ ml_monitor.profiled_rows(spec, log) }},

    wide as (
        {{ ml_monitor.wide_counts(spec, 'log_rows', 'edges', keys) }}
    ),

    feature_counts as (
        {{ ml_monitor.tall_counts(spec, 'wide', 'log_rows', 'bins', keys) }}
    ),

    {{ ml_monitor.frequent_values(spec, 'sampled_rows', ['window_start'], top=3, share=0.01) }}

    select window_start, model_version, segment, segment_value, feature, bin, category, n,
        value_sum, value_sum_squares, {{ extremes }}, n_below, n_above, n_valid, n_out_of_bounds, cast(null as timestamp) as loaded_until, cast(null as timestamp) as predicted_until
    from feature_counts
    union all
    {#- all versions together: with the version as a further key counting takes half as long again #}
    select window_start, '__all__', '__all__', '__all__', feature, {{ ml_monitor.bin_codes().frequent_value }}, null, n,
        null, null, value, null, null, null, n_valid, null, null, null
    from frequent_values
    {%- if with_rows %}
    union all
    select window_start, model_version, segment, segment_value, '__all__', bin, null, n,
        null, null, null, null, null, null, null, null, loaded_until, predicted_until
    from (
        {{ ml_monitor.row_counts(spec) }}
    ) as row_counts
    {%- endif %}
{% endmacro %}


{% macro profiled_rows(spec, log) %}
    {#- CTEs `log_rows`, the rows of the touched windows with the segment values that are kept, and `sampled_rows`, for counting single values. -#}
    {%- set optional = dict(ml_monitor.optional_columns(spec), **({'loaded_at': spec.loaded_at} if spec.loaded_at else {})) -%}
    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(log, {'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_version': spec.model_version}, optional) }}
    ),

    parsed_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} as window_start,
            coalesce(cast(raw_version as {{ dbt.type_string() }}), '__missing__') as model_version,
            prediction_id,
            cast(predicted_at as timestamp) as predicted_at,
            {{ 'cast(loaded_at as timestamp) as loaded_at,' if spec.loaded_at }}
            {{ ml_monitor.parsed_columns(spec) }}
        from log
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            and predicted_at >= (select min(window_start) from touched)
            and {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} in (select window_start from touched)
        {{ ml_monitor.computed_once() }}
    ),

    log_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{- ml_monitor.kept_segment_columns(spec) }}
            parsed_rows.*
        from parsed_rows
        {{- ml_monitor.kept_segment_joins(spec) }}
    ),

    sampled_rows as {{ ml_monitor.inline_cte() }} (
        select parsed_rows.*
        from parsed_rows
        inner join touched on touched.window_start = parsed_rows.window_start
        where {{ ml_monitor.is_sampled(ml_monitor.md5('parsed_rows.prediction_id'), 'touched.n_timely') }}
    )
{% endmacro %}
