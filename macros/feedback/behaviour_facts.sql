{% macro behaviour_facts(spec) %}
    {#- CTE `facts`: each prediction of the touched windows with what was done with it; `dwell_times` and `decision_times`, in bins. -#}
    {%- set parts = spec.segments | length + 1 -%}
    standing_events as (
        select * from placed_events
        where about is not null and retracted_at is null and window_start in (select window_start from touched)
    ),

    decisions as (
        {#- The latest decision counts, the first one tells how long it took. A correction to what was predicted is an approval. #}
        select about, is_accepted, first_said_at
        from (
            select standing_events.about,
                case when standing_events.kind = 'approval' or {{ ml_monitor.outcome_value('standing_events.label', spec) }} = predictions.said then 1 else 0 end as is_accepted,
                min(standing_events.said_at) over (partition by standing_events.about) as first_said_at,
                row_number() over (partition by standing_events.about order by standing_events.said_at desc, standing_events.known_at desc, standing_events.feedback_id desc) as recency
            from standing_events
            inner join predictions on predictions.prediction_key = standing_events.about
            where standing_events.kind in ('approval', 'correction')
        ) as ranked
        where recency = 1
    ),

    reactions as (
        select about, count(*) as n_events, sum(is_skewed) as n_skewed,
            {%- for kind in ['click', 'requery', 'abandonment', 'complaint', 'correction'] %}
            max(case when kind = '{{ kind }}' then 1 else 0 end) as has_{{ kind }},
            {%- endfor %}
            sum(case when kind = 'thumb' and value = 1 then 1 else 0 end) as n_up,
            sum(case when kind = 'thumb' then 1 else 0 end) as n_thumbs,
            sum(case when kind = 'rating' then 1 else 0 end) as n_ratings,
            sum(case when kind = 'rating' then value else 0 end) as sum_rating,
            sum(case when kind = 'rating' then value * value else 0 end) as sum_squared_rating,
            sum(case when kind = 'dwell' then 1 else 0 end) as n_dwells,
            sum(case when kind = 'dwell' then value else 0 end) as sum_dwell,
            sum(case when kind = 'dwell' then value * value else 0 end) as sum_squared_dwell
        from standing_events
        group by about
    ),

    {{ ml_monitor.behaviour_truth(spec) }},

    facts as (
        select predictions.window_start, predictions.model_version,
            {%- for i in range(1, parts + 1) %}
            predictions.segment_{{ i }},
            {%- endfor %}
            predictions.prediction_key, predictions.said, reactions.*,
            decisions.is_accepted,
            case when truth.label = predictions.said then 1 when truth.label is not null and predictions.said is not null then 0 end as is_right,
            case when decisions.about is not null then {{ ml_monitor.seconds_between('predictions.predicted_at', 'decisions.first_said_at') }} end as decision_seconds
        from predictions
        left join reactions on reactions.about = predictions.prediction_key
        left join decisions on decisions.about = predictions.prediction_key
        left join truth on truth.prediction_key = predictions.prediction_key
        where predictions.window_start in (select window_start from touched)
    ),

    dwell_times as (
        select predictions.window_start, predictions.model_version,
            {%- for i in range(1, parts + 1) %}
            predictions.segment_{{ i }},
            {%- endfor %}
            {{ ml_monitor.error_bin('standing_events.value') }} as bin
        from standing_events
        inner join predictions on predictions.prediction_key = standing_events.about
        where standing_events.kind = 'dwell' and standing_events.value >= 0
    ),

    decision_times as (
        select window_start, model_version,
            {%- for i in range(1, parts + 1) %}
            segment_{{ i }},
            {%- endfor %}
            {{ ml_monitor.error_bin('decision_seconds') }} as bin
        from facts
        where decision_seconds is not null
    )
{%- endmacro %}


{% macro seconds_between(first, second) %}
    {#- Whole seconds, not below 0. -#}
    cast(case when {{ second }} > {{ first }} then {{ ml_monitor.units_between(first, second, 'second') }} else 0 end as {{ ml_monitor.type_double() }})
{%- endmacro %}


{% macro behaviour_truth(spec) %}
    {#- CTE `truth`: what turned out, from a label log alone: a decision must not be the judge of itself. -#}
    {%- set relations = [] -%}
    {%- if spec.labels -%}
        {%- for source, options in spec.labels.sources.items() if options.relation -%}{%- do relations.append(options.relation) -%}{%- endfor -%}
    {%- elif spec.feedback -%}
        {%- do relations.append(spec.feedback) -%}
    {%- endif -%}
    {%- set labelled_at = ml_monitor.identifier(spec.labelled_at) -%}
    truth as (
        select prediction_key, label
        from (
            select prediction_key, label, row_number() over (partition by prediction_key order by case when labelled_at is null then 1 else 0 end, labelled_at desc) as recency
            from (
                {%- for relation in relations %}
                select cast({{ ml_monitor.identifier(spec.prediction_id) }} as {{ dbt.type_string() }}) as prediction_key, {{ labelled_at }} as labelled_at,
                    {{ ml_monitor.outcome_value(ml_monitor.identifier(spec.label), spec) }} as label
                from {{ ml_monitor.monitor_relation(relation) }}
                where {{ labelled_at }} is null or {{ labelled_at }} < {{ ml_monitor.monitoring_now() }}
                {{ 'union all' if not loop.last }}
                {%- else %}
                select cast(null as {{ dbt.type_string() }}) as prediction_key, cast(null as timestamp) as labelled_at,
                    cast(null as {{ dbt.type_string() if spec.task == 'multiclass' else ml_monitor.type_double() }}) as label
                {{ ml_monitor.no_rows() }}
                {%- endfor %}
            ) as known
            where label is not null
        ) as ranked
        where recency = 1
    )
{%- endmacro %}


{% macro behaviour_sums() %}
    {#- What the profile keeps of a window: all additive. -#}
    {%- set sums = {'n_predictions': 'count(*)', 'n_touched': 'count(about)'} -%}
    {%- for measure, column in {
        'n_events': 'n_events', 'n_skewed': 'n_skewed', 'n_clicked': 'has_click', 'n_requeried': 'has_requery', 'n_abandoned': 'has_abandonment',
        'n_complained': 'has_complaint', 'n_corrected': 'has_correction', 'n_up': 'n_up', 'n_thumbs': 'n_thumbs', 'n_ratings': 'n_ratings',
        'sum_rating': 'sum_rating', 'sum_squared_rating': 'sum_squared_rating', 'n_dwells': 'n_dwells', 'sum_dwell': 'sum_dwell', 'sum_squared_dwell': 'sum_squared_dwell',
        'sum_decision': 'decision_seconds', 'sum_squared_decision': 'decision_seconds * decision_seconds', 'n_accepted': 'is_accepted',
        'n_wrong_accepted': '(1 - is_right) * is_accepted', 'n_right_accepted': 'is_right * is_accepted',
    }.items() -%}
        {%- do sums.update({measure: 'sum(coalesce(' ~ column ~ ', 0))'}) -%}
    {%- endfor -%}
    {{ return(dict(sums, **{
        'n_decided': 'count(is_accepted)',
        'n_wrong_decided': 'sum(case when is_accepted is not null and is_right = 0 then 1 else 0 end)',
        'n_right_decided': 'sum(case when is_accepted is not null and is_right = 1 then 1 else 0 end)',
    })) }}
{% endmacro %}
