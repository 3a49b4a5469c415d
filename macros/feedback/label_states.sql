{% macro label_states(spec) %}
    {#- CTE `states`: after each thing said about a prediction, what its label then was. What was explicitly said comes before weak signals, then the
        source of the first priority; of a source (or of each of its reviewers) the latest; those that are left vote, each with its trust. -#}
    {%- set group = 'prediction_key, moment' -%}
    moments as (
        select prediction_key, known_at as moment from assertions
        {{ ml_monitor.union_distinct() }}
        select prediction_key, retracted_at from assertions where retracted_at is not null
    ),

    standing as (
        select assertions.*, moments.moment,
            row_number() over (
                partition by moments.prediction_key, moments.moment, assertions.source, assertions.voter, assertions.is_weak, case when assertions.is_weak = 1 then assertions.rule end
                order by assertions.said_at desc, assertions.known_at desc, assertions.event_id desc, assertions.label desc
            ) as recency
        from moments
        inner join assertions
            on assertions.prediction_key = moments.prediction_key
            and assertions.known_at <= moments.moment
            and (assertions.retracted_at is null or assertions.retracted_at > moments.moment)
    ),

    votes as (
        {#- What the task cannot read as a label is heard when nothing else was said. #}
        select *, dense_rank() over (partition by {{ group }} order by case when label is null then 1 else 0 end, is_weak, priority) as tier,
            {{ ml_monitor.label_word(spec, 'label') }} as word
        from standing
        where recency = 1
    ),

    {{ ml_monitor.label_tallies(spec) }},

    states as (
        select
            moments.prediction_key,
            moments.moment,
            predictions.native_id,
            case when predictions.prediction_key is not null and n_tied = 1 and tallies.word is not null and (tallies.is_weak = 0 or tallies.best_weight * tallies.share >= {{ spec.labels.min_weight }}) then tallies.word end as label,
            case
                when predictions.prediction_key is null then 'unknown_prediction'
                when tallies.prediction_key is null then 'retracted'
                when tallies.word is null then 'invalid'
                when n_tied > 1 then 'conflict'
                when tallies.is_weak = 1 and tallies.best_weight * tallies.share < {{ spec.labels.min_weight }} then 'too_weak'
                else 'resolved'
            end as status,
            tallies.word as candidate,
            tallies.best_weight * tallies.share as weight,
            tallies.share as agreement,
            cast(coalesce(tallies.n_votes, 0) as bigint) as n_votes,
            cast(coalesce(tallies.n_labels, 0) as bigint) as n_labels,
            coalesce(tallies.is_weak, 0) = 1 as is_weak,
            tallies.source,
            tallies.rule,
            tallies.votes,
            tallies.event_ids
        from moments
        left join tallies on tallies.prediction_key = moments.prediction_key and tallies.moment = moments.moment
        left join predictions on predictions.prediction_key = moments.prediction_key
    )
{%- endmacro %}


{% macro label_tallies(spec) %}
    {#- CTE `tallies`: of each moment the label that won, with its share of the weight, who said it, and how many said what. Numbers are not voted
        on: their weighted mean is the label. -#}
    {%- set numeric = spec.task in ['regression', 'ranking'] -%}
    {%- set group = 'prediction_key, moment' -%}
    {%- set string = dbt.type_string() -%}
    counted as (
        select {{ group }}, word, max(is_weak) as is_weak, count(*) as n, sum(weight) as weight, max(weight) as best_weight,
            max(case when rule = 'correction' then 1 else 0 end) as has_correction,
            {{ ml_monitor.listed('event_id', 'event_id') }} as event_ids
            {{- ', max(label) as label' if numeric }}
        from votes
        where tier = 1
        group by {{ group }}, word
    ),

    placed as (
        {#- Of equal weights a correction wins over an approval: who changes a label looked twice. #}
        select *,
            row_number() over (partition by {{ group }} order by round(1e9 * weight) desc, has_correction desc, word) as place,
            rank() over (partition by {{ group }} order by round(1e9 * weight) desc, has_correction desc) as equal_place
        from counted
    ),

    totals as (
        select {{ group }}, sum(n) as n_votes, count(*) as n_labels, sum(weight) as total_weight, max(best_weight) as best_weight,
            sum(case when equal_place = 1 then 1 else 0 end) as n_tied,
            {{ ml_monitor.listed("coalesce(word, 'unreadable') || ' x ' || cast(n as " ~ string ~ ')', 'place') }} as votes,
            {{ ml_monitor.listed('event_ids', 'place') }} as event_ids
            {{- ', case when sum(weight) > 0 then sum(weight * label) / sum(weight) else avg(label) end as mean_label' if numeric }}
        from placed
        group by {{ group }}
    ),

    speakers as (
        select {{ group }}, source, rule,
            {{ 'null' if numeric else 'word' }} as said_word,
            row_number() over (partition by {{ group }}{{ ', word' if not numeric }} order by said_at desc, known_at desc, event_id desc) as recency
        from votes
        where tier = 1
    ),

    tallies as (
        select placed.prediction_key, placed.moment, placed.is_weak, totals.n_votes, totals.n_labels, totals.votes, speakers.source, speakers.rule,
            {%- if numeric %}
            {{ ml_monitor.label_word(spec, 'totals.mean_label') }} as word, 1e0 as share, totals.best_weight, 1 as n_tied, totals.event_ids
            {%- else %}
            placed.word, case when totals.total_weight > 0 then placed.weight / totals.total_weight else 1e0 * placed.n / totals.n_votes end as share,
            placed.best_weight, totals.n_tied, placed.event_ids
            {%- endif %}
        from placed
        inner join totals on totals.prediction_key = placed.prediction_key and totals.moment = placed.moment
        left join speakers
            on speakers.prediction_key = placed.prediction_key and speakers.moment = placed.moment and speakers.recency = 1
            {{- ' and (speakers.said_word = placed.word or (speakers.said_word is null and placed.word is null))' if not numeric }}
        where placed.place = 1
    )
{%- endmacro %}


{% macro label_word(spec, value) %}
    {#- A label as text that the task reads back as the same label. -#}
    {%- if spec.task == 'binary' -%}
        {%- set positive = spec.positive if spec.positive is string or spec.positive is not iterable else spec.positive[0] -%}
        {%- set yes = '1' if spec.positive is none else positive | string -%}
        {%- set words = ml_monitor.positive_words(spec.positive) if spec.positive is not none else [] -%}
        {%- set no = ['0', '1', 'no'] | reject('in', words | map('replace', "lower('", '') | map('replace', "')", '') | list) | first -%}
    case {{ value }} when 1 then {{ ml_monitor.literal(yes) }} when 0 then {{ ml_monitor.literal(no) }} end
    {%- else -%}
    cast({{ value }} as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
