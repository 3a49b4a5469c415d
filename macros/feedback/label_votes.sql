{#- Who said what about which prediction: what labels are resolved from. -#}

{% macro label_predictions(spec) %}
    {#- CTE `predictions`: of the predictions that anything was said about, what the model said. Of two rows with one id the earlier counts. -#}
    {%- set log = ml_monitor.monitor_relation(spec.predictions) -%}
    {%- set id = ml_monitor.identifier(spec.prediction_id) -%}
    {%- set key = 'cast(' ~ id ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set at = ml_monitor.identifier(spec.predicted_at) -%}
    {%- set value = ml_monitor.outcome_value(ml_monitor.identifier(spec.prediction), spec) if spec.prediction else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' -%}
    said_about as (
        select distinct prediction_id as prediction_key from {{ ref('ml_monitor__feedback_events') }}
        where monitor = {{ ml_monitor.literal(spec.name) }} and prediction_id is not null and received_at < {{ ml_monitor.monitoring_now() }}
        {%- for source, options in ml_monitor.label_sources(spec) if options.relation %}
        {{ ml_monitor.union_distinct() }}
        select cast({{ id }} as {{ dbt.type_string() }}) from {{ ml_monitor.monitor_relation(options.relation) }}
        {%- endfor %}
    ),

    predictions as (
        select prediction_key, native_id, predicted_at, said
        from (
            select {{ key }} as prediction_key, {{ id }} as native_id, cast({{ at }} as timestamp) as predicted_at, {{ value }} as said,
                row_number() over (partition by {{ id }} order by {{ at }}) as occurrence
            from {{ log }}
            where {{ at }} < {{ ml_monitor.monitoring_now() }} and {{ key }} in (select prediction_key from said_about)
        ) as numbered
        where occurrence = 1
    )
{%- endmacro %}


{% macro label_sources(spec) %}
    {{ return(spec.labels.sources.items() | list) }}
{% endmacro %}


{% macro feedback_of(spec) %}
    {#- CTEs `events` and `retractions`: the monitor's events, with a time that can be: a client's clock that is ahead of the server's, or says that
        something was said before it was predicted, is wrong, and the time of arrival stands in. An event takes the place of another one of its own
        source only: nobody can take back what somebody else said. -#}
    {%- set now = ml_monitor.monitoring_now() -%}
    retractions as (
        select superseded.feedback_id, min(superseding.received_at) as retracted_at
        from {{ ref('ml_monitor__feedback_events') }} as superseding
        inner join {{ ref('ml_monitor__feedback_events') }} as superseded
            on superseded.feedback_id = superseding.supersedes_feedback_id
            and superseded.monitor = superseding.monitor
            and superseded.source = superseding.source
            and superseded.received_at <= superseding.received_at
        where superseding.monitor = {{ ml_monitor.literal(spec.name) }} and superseding.received_at < {{ now }}
        group by superseded.feedback_id
    ),

    events as (
        select
            events.feedback_id,
            events.prediction_id as prediction_key,
            events.request_id,
            events.kind,
            events.value,
            events.label,
            events.source,
            coalesce(events.reviewer, '') as reviewer,
            events.received_at as known_at,
            case
                when events.occurred_at > events.received_at or events.occurred_at < predictions.predicted_at then events.received_at
                else coalesce(events.occurred_at, events.received_at)
            end as said_at,
            case when events.occurred_at > events.received_at or events.occurred_at < predictions.predicted_at then 1 else 0 end as is_skewed,
            retractions.retracted_at
        from {{ ref('ml_monitor__feedback_events') }} as events
        left join retractions on retractions.feedback_id = events.feedback_id
        left join predictions on predictions.prediction_key = events.prediction_id
        where events.monitor = {{ ml_monitor.literal(spec.name) }} and events.received_at < {{ now }}
    )
{%- endmacro %}


{% macro label_assertions(spec) %}
    {#- CTE `assertions`: every statement that a declared source or rule turns into a vote for a label, the retracted ones too. -#}
    {%- set string, double = dbt.type_string(), ml_monitor.type_double() -%}
    {%- set events = ml_monitor._event_sources(spec.labels.sources) -%}
    {{ ml_monitor.feedback_of(spec) }},

    sources as (
        {%- for source, options in ml_monitor.label_sources(spec) %}
        select {{ ml_monitor.literal(source) }} as source, cast({{ options.priority }} as integer) as priority, cast({{ options.trust }} as {{ double }}) as trust,
            {{ 1 if options.votes == 'reviewers' else 0 }} as by_reviewer
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    statements as (
        {%- if events %}
        select feedback_id as event_id, prediction_key, source, reviewer, kind as rule, 0 as is_weak, 1e0 as weight, known_at, said_at, retracted_at,
            case when kind = 'correction' then {{ ml_monitor.outcome_value('label', spec) }} end as label, kind = 'approval' as is_approval, 0 as is_wrong
        from events
        where kind in ('correction'{{ ", 'approval'" if spec.task != 'ranking' }}) and source in ({{ ml_monitor.literals(events) }})
        {%- for rule, options in spec.labels.rules.items() %}
        union all
        select feedback_id, prediction_key, source, reviewer, {{ ml_monitor.literal(rule) }}, 1, {{ options.weight }}, known_at, said_at, retracted_at,
            {{ ml_monitor.outcome_value(ml_monitor.literal(options.label), spec) if 'label' in options else 'null' }}, {{ '1 = 1' if 'means' in options else '1 = 0' }},
            {{ 1 if options.means == 'wrong' else 0 }}
        from events
        where kind = '{{ options.kind }}' and source in ({{ ml_monitor.literals(options.sources) }})
            {{- ' and value >= ' ~ options.at_least if 'at_least' in options }}{{ ' and value <= ' ~ options.at_most if 'at_most' in options }}
        {%- endfor %}
        {%- endif %}
        {%- for source, options in ml_monitor.label_sources(spec) if options.relation %}
        {{ 'union all' if events or not loop.first }}
        {{ ml_monitor.relation_statements(spec, source, options) }}
        {%- endfor %}
    ),

    assertions as (
        select statements.event_id, statements.prediction_key, statements.source, statements.reviewer, statements.rule, statements.is_weak,
            sources.priority, statements.weight * sources.trust as weight, statements.known_at, statements.said_at, statements.retracted_at,
            case when sources.by_reviewer = 1 then statements.reviewer else '' end as voter,
            case
                when statements.is_approval and statements.is_wrong = 1 then {{ '1 - predictions.said' if spec.task == 'binary' else 'null' }}
                when statements.is_approval then predictions.said
                else statements.label
            end as label
        from statements
        inner join sources on sources.source = statements.source
        left join predictions on predictions.prediction_key = statements.prediction_key
        where statements.prediction_key is not null
    )
{%- endmacro %}


{% macro relation_statements(spec, source, options) %}
    {#- The rows of a label log, as statements. Without a time they were always known. -#}
    {%- set id = 'cast(' ~ ml_monitor.identifier(spec.prediction_id) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set labelled_at = ml_monitor.identifier(spec.labelled_at) -%}
    {%- set at = 'coalesce(cast(' ~ labelled_at ~ ' as timestamp), ' ~ ml_monitor.window_epoch('day') ~ ')' -%}
    {%- set reviewer = "coalesce(cast(" ~ ml_monitor.identifier(options.reviewer) ~ ' as ' ~ dbt.type_string() ~ "), '')" if options.reviewer else "''" -%}
    select {{ ml_monitor.literal(source ~ ':') }} || {{ id }} as event_id, {{ id }} as prediction_key, {{ ml_monitor.literal(source) }} as source, {{ reviewer }} as reviewer,
            'relation' as rule, 0 as is_weak, 1e0 as weight, {{ at }} as known_at, {{ at }} as said_at, cast(null as timestamp) as retracted_at,
            {{ ml_monitor.outcome_value(ml_monitor.identifier(spec.label), spec) }} as label, 1 = 0 as is_approval, 0 as is_wrong
        from {{ ml_monitor.monitor_relation(options.relation) }}
        where ({{ labelled_at }} is null or {{ labelled_at }} < {{ ml_monitor.monitoring_now() }}) and {{ ml_monitor.identifier(spec.label) }} is not null
{%- endmacro %}


{% macro literals(texts) %}
    {#- SQL text literals, for `in (…)`. -#}
    {%- set quoted = [] -%}
    {%- for text in texts -%}{%- do quoted.append(ml_monitor.literal(text)) -%}{%- endfor -%}
    {{ return(quoted | join(', ')) }}
{% endmacro %}
