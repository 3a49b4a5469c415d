{% macro review_queue(name) %}
    {#- Body of <monitor>__review_queue: what people are asked about, appended day by day and never made again, because it records with what
        probability the draw chose each prediction. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        enabled=spec.review is not none,
        materialized='incremental',
        incremental_strategy=ml_monitor.append_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
    ) }}
    {%- if spec.review %}
    {%- set today = 'cast(' ~ ml_monitor.start_of('day', ml_monitor.monitoring_now()) ~ ' as timestamp)' %}
    with

    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),

    {{ ml_monitor.review_pool(spec) }},

    {{ ml_monitor.review_draw(spec, today) }},

    {{ ml_monitor.review_priorities(spec) }},

    chosen as (
        select prediction_id, 'exploration' as reason, cast(null as {{ ml_monitor.type_double() }}) as priority, true as is_exploration, propensity, hash
        from drawn
        union all
        select prediction_id, reason, priority, false, null, hash
        from prioritised
        where place <= {{ spec.review.budget }} - (select count(*) from drawn) - (select n from queued_today)
    ),

    spread as (
        select *, (row_number() over (partition by is_exploration order by priority desc, hash) - 0.5e0) / count(*) over (partition by is_exploration) as share_before
        from chosen
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            chosen.prediction_id,
            {{ today }} as queue_date,
            {#- Exploration is spread over the day's queue: whoever stops early has answered both kinds. #}
            cast((select n from queued_today) + row_number() over (order by chosen.share_before, chosen.hash) as bigint) as place,
            chosen.reason,
            cast(chosen.priority as {{ ml_monitor.type_double() }}) as priority,
            chosen.is_exploration,
            cast(chosen.propensity as {{ ml_monitor.type_double() }}) as propensity,
            pool.stratum,
            (select until_at from covered) as frame_until,
            pool.predicted_at,
            pool.model_version,
            cast(pool.score as {{ ml_monitor.type_double() }}) as score,
            pool.prediction,
            {{ ml_monitor.monitoring_now() }} as queued_at
        from spread as chosen
        inner join pool on pool.prediction_id = chosen.prediction_id
    )

    select * from final
    {%- endif %}
{% endmacro %}


{% macro review_pool(spec) %}
    {#- CTE `pool`: the predictions of the newest closed windows that have no label and were never queued. -#}
    {%- set end = ml_monitor.window_start_of(ml_monitor.monitoring_now(), spec.window, spec.timezone) -%}
    {%- set start = ml_monitor.add_windows(-spec.review.windows, end, spec.window, spec.timezone) -%}
    {%- set categories = {} -%}
    {%- for variable in spec.variables if variable.type == 'categorical' and not variable.name.startswith('__') -%}
        {%- do categories.update({'category_' ~ loop.index: variable.column}) -%}
    {%- endfor -%}
    {%- set required = dict(ml_monitor.outcome_columns(spec), **({'compared_key': spec.comparison.on} if spec.comparison else {})) -%}
    {%- set string = dbt.type_string() -%}
    queued_today as (
        select {{ 'count(*) as n from ' ~ this ~ ' where queue_date = cast(' ~ ml_monitor.start_of('day', ml_monitor.monitoring_now()) ~ ' as timestamp)' if is_incremental() else '0 as n' }}
    ),

    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(ml_monitor.monitor_relation(spec.predictions), required, dict(ml_monitor.segment_sources(spec), **categories)) }}
    ),

    logged as (
        select
            cast(prediction_id as {{ string }}) as prediction_key,
            coalesce(cast(raw_version as {{ string }}), '__missing__') as model_version,
            {{ ml_monitor.kept_segment_columns(spec) }}
            {%- for alias, column in categories.items() %}
            {{ ml_monitor.category_value(spec, column, alias) }} as {{ alias }},
            {%- endfor %}
            {{ "coalesce(cast(compared_key as " ~ string ~ "), 'alone ' || cast(prediction_id as " ~ string ~ '))' if spec.comparison else 'cast(prediction_id as ' ~ string ~ ')' }} as compared_key,
            row_number() over (partition by prediction_id order by predicted_at) as occurrence,
            {{ ml_monitor.parsed_outcomes(spec) }}
        from log
        {{- ml_monitor.kept_segment_joins(spec) }}
        where predicted_at < {{ end }} and predicted_at >= {{ start }} and prediction_id is not null
    ),

    seen as (
        select *, row_number() over (partition by compared_key, model_version order by predicted_at desc, prediction_key) as version_recency
        from logged
        where occurrence = 1
    ),

    versions as (
        {#- before anything is left out: what is labelled still tells how the versions differ #}
        select *, {{ ml_monitor.version_disagreement(spec) }} as disagreement, {{ ml_monitor.review_uncertainty(spec) }} as uncertainty
        from seen
    ),

    pool as (
        select
            versions.prediction_key as prediction_id,
            versions.predicted_at,
            versions.model_version,
            {%- for segment in spec.segments %}
            versions.segment_{{ loop.index }},
            {%- endfor %}
            {%- for alias in categories %}
            versions.{{ alias }},
            {%- endfor %}
            versions.compared_key,
            {{ 'versions.score' if spec.score else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' }} as score,
            {{ ml_monitor.label_word(spec, 'versions.prediction') if spec.prediction else 'cast(null as ' ~ string ~ ')' }} as prediction,
            coalesce(versions.disagreement, 0) as disagreement,
            coalesce(versions.uncertainty, 0) as uncertainty,
            case when labels.status = 'conflict' then 1 else 0 end as conflict,
            {{ ml_monitor.review_stratum(spec) }} as stratum,
            {{ ml_monitor.md5(ml_monitor.literal(spec.name ~ ':') ~ ' || versions.prediction_key') }} as hash
        from versions
        left join {{ ref(project_name, spec.name ~ '__labels') }} as labels on labels.prediction_key = versions.prediction_key and labels.is_current
        {%- if is_incremental() %}
        left join {{ this }} as queued on queued.prediction_id = versions.prediction_key
        {%- endif %}
        where coalesce(labels.status, '') <> 'resolved' {{ 'and queued.prediction_id is null' if is_incremental() }}
    )
{%- endmacro %}


{% macro review_stratum(spec) %}
    {#- What the draw is spread over: fifths of the score, or a segment. -#}
    {%- if spec.review.stratify in spec.segments -%}
    versions.segment_{{ spec.segments.index(spec.review.stratify) + 1 }}
    {%- elif spec.score -%}
    case when versions.score is null then '__missing__' when versions.score >= 0.8 then '[0.8, 1.0]' {% for fifth in [6, 4, 2] -%}
        when versions.score >= 0.{{ fifth }} then '[0.{{ fifth }}, 0.{{ fifth + 2 }})' {% endfor %}else '[0.0, 0.2)' end
    {%- else -%}
    '__all__'
    {%- endif -%}
{%- endmacro %}


{% macro review_draw(spec, today) %}
    {#- CTE `drawn`: the exploration share, a systematic sample of the windows that no earlier draw covered, sorted by stratum and within it by hash
        (Madow and Madow 1944). Every prediction is in one draw, and is chosen with probability n / N, whatever it is. CTE `covered`: the end of
        the windows of all draws: what is asked for a reason comes from those alone, or it would be missing in its draw. -#}
    {%- set end = ml_monitor.window_start_of(ml_monitor.monitoring_now(), spec.window, spec.timezone) -%}
    {#- 70 * 0.1 is 7.000000000000001 #}
    {%- set share = (spec.review.budget * spec.review.exploration) | round(9) | round(0, 'ceil') | int -%}
    {%- set wanted = 'least(' ~ share ~ ', ' ~ spec.review.budget ~ ' - (select n from queued_today))' if is_incremental() else share -%}
    {%- set before = '(select max(frame_until) from ' ~ this ~ ' where is_exploration)' if is_incremental() else 'null' -%}
    {%- set day = ml_monitor._iso(var('ml_monitor__now', none) or run_started_at.strftime('%Y-%m-%d %H:%M:%S'), "variable 'ml_monitor__now'")[:10] -%}
    {%- set begin = (local_md5(spec.name ~ ' ' ~ day)[:7] | int(base=16)) / 268435456 -%}
    frame as (
        select prediction_id, hash, row_number() over (order by stratum, hash) - 1 as place, count(*) over () as n_frame, {{ wanted }} as n_wanted
        from pool
        where {{ share }} > 0
            {%- if is_incremental() %}
            and predicted_at >= coalesce({{ before }}, {{ ml_monitor.window_epoch('day') }})
            and not exists (select 1 from {{ this }} where is_exploration and queue_date = {{ today }})
            {%- endif %}
    ),

    drawn as (
        select prediction_id, hash, case when n_frame <= n_wanted then 1e0 else 1e0 * n_wanted / n_frame end as propensity
        from frame
        where n_frame <= n_wanted
            or floor((place + 1) * 1e0 * n_wanted / n_frame + {{ begin | round(9) }}) > floor(place * 1e0 * n_wanted / n_frame + {{ begin | round(9) }})
    ),

    covered as (
        select {{ 'case when (select count(*) from drawn) > 0 then ' ~ end ~ ' else cast(' ~ before ~ ' as timestamp) end' if share else end }} as until_at
    )
{%- endmacro %}
