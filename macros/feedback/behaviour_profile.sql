{% macro behaviour_profile(name) %}
    {#- Body of <monitor>__behaviour_profile: what people did with the predictions of each window, as additive counts and sums. A window is counted
        again when its predictions or labels changed or feedback about it came. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(
        enabled=spec.behaviour is not none,
        materialized='incremental',
        on_schema_change='append_new_columns',
        tags=['ml_monitor_profile'],
        sql_header=ml_monitor.sql_header(),
        meta={'ml_monitor': spec},
        **ml_monitor.replacing(['window_start'])
    ) }}
    {%- if spec.behaviour %}
    {%- set banded = spec.segments + ['score_band'] %}
    {%- set double, string = ml_monitor.type_double(), dbt.type_string() %}
    with

    kept_segments as (
        {{ ml_monitor.frozen_segments(spec) }}
    ),

    {{ ml_monitor.behaviour_predictions(spec) }},

    {{ ml_monitor.feedback_of(spec) }},

    {{ ml_monitor.behaviour_windows(spec) }},

    {{ ml_monitor.behaviour_facts(spec) }},

    totals as (
        select window_start, model_version,
            {{- ml_monitor.segment_columns(banded) }},
            {%- for measure, sum in ml_monitor.behaviour_sums().items() %}
            {{ sum }} as {{ measure }}{{ ',' if not loop.last }}
            {%- endfor %}
        from facts
        {{ ml_monitor.grouping_keys(['window_start', 'model_version'], banded) }}
    ),

    {%- for part in ['dwell', 'decision'] %}

    {{ part }}_bins as (
        select window_start, model_version,
            {{- ml_monitor.segment_columns(banded) }},
            bin, count(*) as n
        from {{ part }}_times
        {{ ml_monitor.grouping_keys(['window_start', 'model_version', 'bin'], banded) }}
    ),
    {%- endfor %}

    {{ ml_monitor.rater_agreement(spec) }},

    parts as (
        {{ ml_monitor.behaviour_parts(spec) }}
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            parts.model_version,
            parts.segment,
            parts.segment_value,
            touched.window_start,
            {{ ml_monitor.window_number_of('touched.window_start', spec.window, spec.timezone) }} as window_number,
            parts.part,
            cast(parts.bin as integer) as bin,
            parts.key_1,
            parts.key_2,
            parts.key_3,
            parts.key_4,
            cast(parts.n as {{ double }}) as n,
            {%- for measure in ml_monitor.behaviour_sums() %}
            cast(parts.{{ measure }} as {{ double }}) as {{ measure }},
            {%- endfor %}
            touched.event_mark,
            touched.source_updated_at,
            cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
        from touched
        inner join parts on parts.window_start = touched.window_start
    )

    select * from final
    {%- endif %}
{% endmacro %}


{% macro behaviour_predictions(spec) %}
    {#- CTE `predictions`: every prediction once, the earlier of two rows with one id. -#}
    {%- set string = dbt.type_string() -%}
    {%- set request = spec.behaviour.request_id -%}
    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(ml_monitor.monitor_relation(spec.predictions), dict(ml_monitor.outcome_columns(spec), **({'raw_request': request} if request else {})), ml_monitor.segment_sources(spec)) }}
    ),

    numbered as (
        select
            cast(prediction_id as {{ string }}) as prediction_key,
            coalesce(cast(raw_version as {{ string }}), '__missing__') as model_version,
            {{ 'cast(raw_request as ' ~ string ~ ')' if request else 'cast(null as ' ~ string ~ ')' }} as request_key,
            {{ ml_monitor.kept_segment_columns(spec) }}
            row_number() over (partition by prediction_id order by predicted_at) as occurrence,
            {{ ml_monitor.parsed_outcomes(spec) }}
        from log
        {{- ml_monitor.kept_segment_joins(spec) }}
        where predicted_at < {{ ml_monitor.monitoring_now() }} and prediction_id is not null
    ),

    predictions as (
        select prediction_key, model_version, request_key, cast(predicted_at as timestamp) as predicted_at,
            {{ ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone) }} as window_start,
            {%- for segment in spec.segments %}
            segment_{{ loop.index }},
            {%- endfor %}
            {{ ml_monitor.score_band_of(spec) }} as segment_{{ spec.segments | length + 1 }},
            {{ 'prediction' if spec.prediction else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' }} as said
        from numbered
        where occurrence = 1
    )
{%- endmacro %}


{% macro score_band_of(spec) %}
    {#- Tenths of a probability; a score that is none has no bands. -#}
    {%- if spec.score and spec.task == 'binary' -%}
    case when score is null then '__missing__' {% for tenth in range(9, 0, -1) %}when score >= 0.{{ tenth }} then '0.{{ tenth }} to {{ '1.0' if tenth == 9 else '0.' ~ (tenth + 1) }}' {% endfor %}else '0.0 to 0.1' end
    {%- else -%}
    '__missing__'
    {%- endif -%}
{%- endmacro %}


{% macro behaviour_windows(spec) %}
    {#- CTE `touched`: windows whose predictions or labels the outcome profile holds in a newer state, or with other events than before: as many may
        have left for the window of their prediction as came. An event is about the prediction it names, or the first one of its request; about
        none it belongs to the window in which it came. -#}
    {%- set epoch = ml_monitor.window_epoch('day') -%}
    {{ ml_monitor.placed_events(spec) }},

    window_states as (
        select window_start, max(source_updated_at) as source_updated_at, cast(sum(mark) as bigint) as event_mark
        from (
            select window_start, max(updated_at) as source_updated_at, 0 as mark from {{ ref(spec.name ~ '__outcome_profile') }} group by window_start
            union all
            select window_start, {{ epoch }}, {{ ml_monitor.hex_number('digest', 7) }}
            from (
                select window_start, {{ ml_monitor.md5("feedback_id || case when retracted_at is null then '' else ' retracted' end") }} as digest
                from placed_events
            ) as digests
        ) as sources
        group by window_start
    ),

    touched as (
        select window_states.window_start, window_states.source_updated_at, window_states.event_mark
        from window_states
        {%- if is_incremental() %}
        left join (
            select window_start, max(source_updated_at) as source_updated_at, max(event_mark) as event_mark from {{ this }} group by window_start
        ) as known
            on known.window_start = window_states.window_start
        where known.source_updated_at is null or known.source_updated_at <> window_states.source_updated_at
            or known.event_mark is null or known.event_mark <> window_states.event_mark
        {%- endif %}
    )
{%- endmacro %}


{% macro placed_events(spec) %}
    {#- CTE `placed_events`: what each event is about, and the window that it counts in. -#}
    request_predictions as (
        select request_key, prediction_key, row_number() over (partition by request_key order by predicted_at, prediction_key) as place
        from predictions
        where request_key is not null
    ),

    placed_events as (
        select events.feedback_id, events.kind, events.value, events.label, events.source, events.reviewer, events.known_at, events.said_at, events.retracted_at,
            {#- which prediction a request is about is known only here #}
            case when events.said_at < requested.predicted_at then 1 else events.is_skewed end as is_skewed,
            coalesce(named.prediction_key, requested.prediction_key) as about,
            coalesce(named.window_start, requested.window_start, {{ ml_monitor.window_start_of('events.known_at', spec.window, spec.timezone) }}) as window_start
        from events
        left join predictions as named on named.prediction_key = events.prediction_key
        left join request_predictions on request_predictions.request_key = events.request_id and request_predictions.place = 1 and events.prediction_key is null
        left join predictions as requested on requested.prediction_key = request_predictions.prediction_key
    )
{%- endmacro %}


{% macro behaviour_parts(spec) %}
    {#- One table of all parts: totals; histograms of times; what people agreed on; feedback about nothing known. -#}
    {%- set sums = ml_monitor.behaviour_sums().keys() | list -%}
    {%- set none_of = 'null, ' * (sums | length - 1) ~ 'null' -%}
    {%- set string = dbt.type_string() -%}
    select window_start, model_version, segment, segment_value, 'totals' as part, cast(null as integer) as bin,
            {%- for key in [1, 2, 3, 4] %} cast(null as {{ string }}) as key_{{ key }},{% endfor %} n_predictions as n, {{ sums | join(', ') }}
        from totals
        {%- for part in ['dwell', 'decision'] %}
        union all
        select window_start, model_version, segment, segment_value, '{{ part }}', bin, null, null, null, null, n, {{ none_of }}
        from {{ part }}_bins
        {%- endfor %}
        union all
        select window_start, '__missing__', '__all__', '__all__', 'unknown', null, null, null, null, null, count(*), {{ none_of }}
        from placed_events
        where about is null and retracted_at is null
        group by window_start
        union all
        {#- a window that nothing was said about is noted too, or it would be looked for again and again #}
        select window_start, '__missing__', '__all__', '__all__', 'window', null, null, null, null, null, 0, {{ none_of }}
        from touched
        union all
        select window_start, '__missing__', '__all__', '__all__', part, null, key_1, key_2, key_3, key_4, n, {{ none_of }}
        from agreement_parts
{%- endmacro %}
