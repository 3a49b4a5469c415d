{% macro feature_moments(name) %}
    {#- Body of <monitor>__feature_moments: additive moments of the features together, per window and version, and those of the
        reference (`part`), frozen. Windows are those that the feature profile has (re)built, so late rows cost only their own. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        enabled=spec.multivariate != [],
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['moment_set_id', 'part', 'window_start'])
    ) }}
    {%- if spec.multivariate -%}
    {{ ml_monitor._feature_moments(dict(spec, variables=ml_monitor.chosen_variables(spec, spec.multivariate), segments=[], segment_columns={})) }}
    {%- endif -%}
{% endmacro %}


{% macro chosen_variables(spec, names) %}
    {#- Some of the monitored variables, in the order of the names. -#}
    {%- set chosen = [] -%}
    {%- for name in names -%}{%- do chosen.extend(spec.variables | selectattr('name', 'equalto', name) | list) -%}{%- endfor -%}
    {{ return(chosen) }}
{% endmacro %}


{% macro _feature_moments(spec) %}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set p = spec.variables | length -%}
    {%- set keys = ['part', 'window_start', 'model_version'] -%}
    with

    reference_totals as (
        select feature, centre, value_sum, value_sum_squares, value_min, value_max, n_valid
        from {{ ref(spec.name ~ '__reference') }}
        where edge_set_id = '{{ spec.edge_set_id }}' and segment = '__all__' and bin = {{ ml_monitor.bin_codes().total }}
    ),

    scales as (
        {{ ml_monitor.moment_scales(spec.multivariate, 'reference_totals') }}
    ),

    {{ ml_monitor.profiled_windows(spec) }},

    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(log, {'predicted_at': spec.predicted_at, 'raw_version': spec.model_version}, ml_monitor.optional_columns(spec)) }}
    ),

    log_rows as {{ ml_monitor.inline_cte() }} (
        select
            'window' as part,
            {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} as window_start,
            coalesce(cast(raw_version as {{ dbt.type_string() }}), '__missing__') as model_version,
            {{ ml_monitor.parsed_columns(spec) }}
        from log
        where predicted_at < {{ ml_monitor.monitoring_now() }}
            and predicted_at >= (select min(window_start) from touched)
            and {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} in (select window_start from touched)
        {{ ml_monitor.computed_once() }}
    ),

    {{ ml_monitor.reference_rows(spec, unless=ml_monitor._reference_is_known(spec) if is_incremental()) }},

    all_rows as {{ ml_monitor.inline_cte() }} (
        select * from log_rows
        union all
        select 'reference' as part, {{ ml_monitor.window_epoch(spec.window) }} as window_start, '__all__' as model_version, reference_rows.*
        from reference_rows
    ),

    sums as (
        {{ ml_monitor.moment_sums(p, 'all_rows', 'scales', keys) }}
    ),

    moments as (
        {{ ml_monitor.tall_moments(p, 'sums', keys) }}
    ),

    final as (
        select
            {{ ml_monitor.literal(spec.name) }} as monitor,
            '{{ spec.moment_set_id }}' as moment_set_id,
            moments.part,
            moments.model_version,
            moments.window_start,
            {{ ml_monitor.window_number_of('moments.window_start', spec.window, spec.timezone) }} as window_number,
            moments.i,
            moments.j,
            moments.n_rows,
            moments.product_sum,
            touched.profiled_at,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from moments
        left join touched on touched.window_start = moments.window_start and moments.part = 'window'
    )

    select * from final
{% endmacro %}


{% macro profiled_windows(spec) %}
    {#- CTE `touched`: windows of the feature profile that were built again since their moments were. -#}
    touched as (
        select profile.window_start, max(profile.updated_at) as profiled_at
        from {{ ref(spec.name ~ '__feature_profile') }} as profile
        {%- if is_incremental() %}
        left join (
            select distinct window_start, profiled_at
            from {{ this }}
            where moment_set_id = '{{ spec.moment_set_id }}' and part = 'window' and i = 0 and j = 0
        ) as known on known.window_start = profile.window_start
        {%- endif %}
        where profile.edge_set_id = '{{ spec.edge_set_id }}' and profile.feature = '__all__' and profile.segment = '__all__'
            and profile.bin = {{ ml_monitor.bin_codes().total }}
            {%- if is_incremental() %}
            and (known.profiled_at is null or known.profiled_at <> profile.updated_at)
            {%- endif %}
        group by profile.window_start
    )
{% endmacro %}


{% macro _reference_is_known(spec) %}
    {{- return("exists (select 1 from " ~ this ~ " as frozen where frozen.moment_set_id = '" ~ spec.moment_set_id ~ "' and frozen.part = 'reference')") -}}
{% endmacro %}
