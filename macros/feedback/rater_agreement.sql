{% macro rater_agreement(spec) %}
    {#- CTE `agreement_parts`: what inter-annotator agreement is made of, all additive over the units (predictions that two or more raters judged).
        A rater is a reviewer of a source; of each the latest judgement counts. Coincidences are Krippendorff's: a pair of a unit of m ratings counts
        1 / (m - 1), in both orders. -#}
    {%- set string = dbt.type_string() -%}
    {%- set numeric = spec.task in ['regression', 'ranking'] -%}
    judgements as (
        select placed_events.about as unit, {{ ml_monitor.rater_name() }} as rater,
            placed_events.said_at, placed_events.known_at, placed_events.feedback_id,
            case when placed_events.kind = 'approval' then predictions.said else {{ ml_monitor.outcome_value('placed_events.label', spec) }} end as label
        from placed_events
        inner join predictions on predictions.prediction_key = placed_events.about
        where placed_events.kind in ('correction', 'approval') and placed_events.retracted_at is null
        {%- for source, options in (spec.labels or {'sources': {}}).sources.items() if options.reviewer %}
        union all
        {{ ml_monitor.relation_judgements(spec, source, options) }}
        {%- endfor %}
    ),

    ratings as (
        select unit, rater, label, window_start
        from (
            select judgements.*, predictions.window_start,
                row_number() over (partition by unit, rater order by said_at desc, known_at desc, feedback_id desc) as recency
            from judgements
            inner join predictions on predictions.prediction_key = judgements.unit
            where label is not null and predictions.window_start in (select window_start from touched)
        ) as ranked
        where recency = 1
    ),

    rated as (
        {#- `place` 1 stands for the unit #}
        select *
        from (
            select ratings.*, {{ ml_monitor.label_word(spec, 'ratings.label') if not numeric else 'cast(null as ' ~ string ~ ')' }} as word,
                row_number() over (partition by unit order by rater) as place,
                cast(count(*) over (partition by unit) as {{ ml_monitor.type_double() }}) as m,
                case when min(label) over (partition by unit) <> max(label) over (partition by unit) then 1 else 0 end as is_disagreed
                {{- ', sum(label) over (partition by unit) as sum_label, sum(label * label) over (partition by unit) as sum_squared_label' if numeric }}
            from ratings
        ) as units
        where m > 1
    ),

    frequent_raters as (
        {#- Pairs are many: of a crowd only those who judge most are compared one by one. Most of all windows: who judged few of the touched
            ones is among them in the others. #}
        select rater
        from (select rater, row_number() over (order by count(*) desc, rater) as place from judgements group by rater) as counted
        where place <= {{ spec.behaviour.raters }}
    ),

    agreement_parts as (
        {%- set blank = ', cast(null as ' ~ string ~ ')' %}
        {%- set of_unit = {'units': '1', 'disagreed': 'is_disagreed'} %}
        {%- if numeric %}
        {%- do of_unit.update({'votes': 'm', 'sum': 'sum_label', 'squares': 'sum_squared_label', 'observed': '2 * (m * sum_squared_label - sum_label * sum_label) / (m - 1)'}) %}
        {%- endif %}
        select rated.window_start, parts.part{% for key in [1, 2, 3, 4] %}{{ blank }} as key_{{ key }}{% endfor %},
            sum(case parts.part {%- for part, sum in of_unit.items() %} when '{{ part }}' then {{ sum }}{% endfor %} end) as n
        from rated
        cross join ({{ ml_monitor.names('part', of_unit) }}) as parts
        where rated.place = 1
        group by rated.window_start, parts.part
        {%- if not numeric %}
        union all
        select one.window_start, 'coincidence', one.word, other.word{{ blank * 2 }}, sum(1 / (one.m - 1))
        from rated as one
        inner join rated as other on other.unit = one.unit and other.rater <> one.rater
        group by one.window_start, one.word, other.word
        union all
        select one.window_start, 'unit_agreement'{{ blank * 4 }}, sum(case when one.word = other.word then 1 / (one.m * (one.m - 1)) else 0 end)
        from rated as one
        inner join rated as other on other.unit = one.unit and other.rater <> one.rater
        group by one.window_start
        union all
        select one.window_start, 'pair', one.rater, other.rater, one.word, other.word, count(*)
        from rated as one
        inner join rated as other on other.unit = one.unit and other.rater > one.rater
        where one.rater in (select rater from frequent_raters) and other.rater in (select rater from frequent_raters)
        group by one.window_start, one.rater, other.rater, one.word, other.word
        {%- endif %}
    )
{%- endmacro %}


{% macro rater_name() %}
    {#- `ann of experts`, or the source alone where nobody is named. -#}
    case when placed_events.reviewer = '' then placed_events.source else placed_events.reviewer || ' of ' || placed_events.source end
{%- endmacro %}


{% macro relation_judgements(spec, source, options) %}
    {#- The rows of a label log that names its reviewers. -#}
    {%- set string = dbt.type_string() -%}
    {%- set labelled_at = 'coalesce(cast(' ~ ml_monitor.identifier(spec.labelled_at) ~ ' as timestamp), ' ~ ml_monitor.window_epoch('day') ~ ')' -%}
    select cast({{ ml_monitor.identifier(spec.prediction_id) }} as {{ string }}), coalesce(cast({{ ml_monitor.identifier(options.reviewer) }} as {{ string }}) || ' of ', '') || {{ ml_monitor.literal(source) }},
            {{ labelled_at }}, {{ labelled_at }}, '', {{ ml_monitor.outcome_value(ml_monitor.identifier(spec.label), spec) }}
        from {{ ml_monitor.monitor_relation(options.relation) }}
        where {{ labelled_at }} < {{ ml_monitor.monitoring_now() }}
{%- endmacro %}
