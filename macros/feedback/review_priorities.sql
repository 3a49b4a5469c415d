{% macro review_priorities(spec) %}
    {#- CTE `prioritised`: everything else in the pool, by the weighted sum of its reasons. Of the predictions of one case by several versions one. -#}
    {%- set weights = spec.review.weights -%}
    {%- set parts = {} -%}
    {%- for reason, weight in weights.items() -%}{%- do parts.update({reason: '(' ~ weight ~ 'e0 * ' ~ reason ~ ')' if weight is integer else '(' ~ weight ~ ' * ' ~ reason ~ ')'}) -%}{%- endfor -%}
    segment_drift as (
        select segment, segment_value, max(excess) as drift
        from (
            {#- A PSI of half or more is as much as counts; that of a small sample is noise up to its floor. #}
            select drift.segment, drift.segment_value, case when coalesce(drift.noise_floor, 0) > drift.metric_value then 0e0 when drift.metric_value - coalesce(drift.noise_floor, 0) > 0.5e0 then 1e0
                else 2e0 * (drift.metric_value - coalesce(drift.noise_floor, 0)) end as excess,
                dense_rank() over (order by drift.window_start desc) as recency
            from {{ ref('ml_monitor__drift') }} as drift
            where drift.monitor = {{ ml_monitor.literal(spec.name) }} and drift.metric = 'psi' and drift.span = 1 and drift.model_version = '__all__'
                and drift.segment <> '__all__' and drift.metric_value is not null and drift.feature <> '__label__'
        ) as recent
        where recency = 1
        group by segment, segment_value
    ),

    known_categories as (
        select distinct feature, category from {{ ref(spec.name ~ '__reference') }}
        where edge_set_id = '{{ spec.edge_set_id }}' and feature_type = 'categorical' and category is not null
    ),

    doubted as (
        select distinct prediction_id from {{ ref('ml_monitor__feedback_events') }}
        where monitor = {{ ml_monitor.literal(spec.name) }} and received_at < {{ ml_monitor.monitoring_now() }}
            and (kind = 'complaint' or (kind = 'thumb' and value = 0))
    ),

    reasons as (
        select pool.prediction_id, pool.hash, pool.compared_key, pool.uncertainty, pool.disagreement, pool.conflict,
            case when doubted.prediction_id is not null then 1 else 0 end as doubt,
            {{ ml_monitor.largest_of(ml_monitor.segment_drifts(spec)) }} as drift,
            {{ ml_monitor.unseen_category(spec) }} as unseen
        from pool
        left join drawn on drawn.prediction_id = pool.prediction_id
        left join doubted on doubted.prediction_id = pool.prediction_id
        {%- for segment in spec.segments %}
        left join segment_drift as drift_{{ loop.index }}
            on drift_{{ loop.index }}.segment = {{ ml_monitor.literal(segment) }} and drift_{{ loop.index }}.segment_value = pool.segment_{{ loop.index }}
        {%- endfor %}
        {%- for variable in spec.variables if variable.type == 'categorical' and not variable.name.startswith('__') %}
        left join known_categories as known_{{ loop.index }}
            on known_{{ loop.index }}.feature = {{ ml_monitor.literal(variable.name) }} and known_{{ loop.index }}.category = pool.category_{{ loop.index }}
        {%- endfor %}
        where drawn.prediction_id is null and pool.predicted_at < (select until_at from covered)
    ),

    weighed as (
        select *, {{ parts.values() | join(' + ') }} as priority
        from reasons
    ),

    once as (
        select *, row_number() over (partition by compared_key order by priority desc, hash) as version_place from weighed
    ),

    prioritised as (
        select prediction_id, hash, priority, row_number() over (order by priority desc, hash) as place,
            {#- without any reason the rest of the budget goes by hash; the first of the equals would be `conflict` #}
            case
                when priority = 0 then 'uncertainty'
                {%- for reason in ['conflict', 'doubt', 'unseen', 'drift', 'disagreement', 'uncertainty'] %}
                when {% for other in parts if other != reason %}{{ parts[reason] }} >= {{ parts[other] }}{{ ' and ' if not loop.last }}{% endfor %} then '{{ reason }}'
                {%- endfor %}
            end as reason
        from once
        where version_place = 1
    )
{%- endmacro %}


{% macro segment_drifts(spec) %}
    {%- set drifts = [] -%}
    {%- for segment in spec.segments -%}{%- do drifts.append('coalesce(drift_' ~ loop.index ~ '.drift, 0e0)') -%}{%- endfor -%}
    {{ return(drifts) }}
{% endmacro %}


{% macro unseen_category(spec) %}
    {#- 1 where any category is one that the reference never had. -#}
    {%- set tests = [] -%}
    {%- for variable in spec.variables if variable.type == 'categorical' and not variable.name.startswith('__') -%}
        {%- do tests.append('(pool.category_' ~ loop.index ~ ' is not null and known_' ~ loop.index ~ '.category is null)') -%}
    {%- endfor -%}
    {{ 'case when ' ~ tests | join(' or ') ~ ' then 1 else 0 end' if tests else '0' }}
{%- endmacro %}


{% macro largest_of(expressions) %}
    {#- SQL: the largest of numbers that are not NULL. -#}
    {{- return('greatest(' ~ expressions | join(', ') ~ ')' if expressions | length > 1 else expressions | first | default('0e0')) -}}
{% endmacro %}


{% macro version_disagreement(spec) %}
    {#- How far the versions that saw the same case are apart, 0 to 1; of a version that saw it several times its newest word counts. -#}
    {%- if not spec.comparison or not (spec.prediction or (spec.task == 'binary' and spec.score)) -%}{{ return('0e0') }}{%- endif -%}
    {%- set said = 'case when version_recency = 1 then ' ~ ('score' if spec.task == 'binary' and spec.score else 'prediction') ~ ' end' -%}
    {%- set most, least = 'max(' ~ said ~ ') over (partition by compared_key)', 'min(' ~ said ~ ') over (partition by compared_key)' -%}
    {%- if spec.task == 'binary' and spec.score -%}
    {{ return(most ~ ' - ' ~ least) }}
    {%- elif spec.task in ['binary', 'multiclass'] -%}
    {{ return('case when ' ~ most ~ ' <> ' ~ least ~ ' then 1e0 else 0e0 end') }}
    {%- endif -%}
    {{ return('(' ~ most ~ ' - ' ~ least ~ ') / nullif(max(prediction) over () - min(prediction) over (), 0)') }}
{% endmacro %}


{% macro review_uncertainty(spec) %}
    {#- How unsure the model was, 0 to 1 (Settles 2009): least confidence, 1 - margin, or entropy; of a regression the place of its interval's
        width among those of the pool. With two classes the three put predictions in the same order. -#}
    {%- set strategy = spec.review.strategy -%}
    {%- if strategy == 'none' or (strategy != 'interval' and not spec.score and spec.scores | length < 2) -%}{{ return('0e0') }}{%- endif -%}
    {%- if strategy == 'interval' -%}
    {{ return('percent_rank() over (order by coalesce(case when upper_limit >= lower_limit then upper_limit - lower_limit end, 0))') }}
    {%- endif -%}
    {%- set shares, pairs, terms, missing = [], [], [], [] -%}
    {%- if spec.scores | length >= 2 -%}
        {%- for class in spec.scores -%}
            {%- do shares.append('coalesce(score_' ~ loop.index ~ ', 0)') -%}
            {%- do missing.append('score_' ~ loop.index ~ ' is null') -%}
        {%- endfor -%}
    {%- else -%}
        {%- do shares.extend(['score', '(1 - score)']) -%}
    {%- endif -%}
    {%- set n = shares | length -%}
    {%- for share in shares -%}
        {%- do terms.append('case when ' ~ share ~ ' > 0 then -' ~ share ~ ' * ln(' ~ share ~ ') else 0 end') -%}
        {%- for other in shares[loop.index:] -%}{%- do pairs.append('least(' ~ share ~ ', ' ~ other ~ ')') -%}{%- endfor -%}
    {%- endfor -%}
    {%- set best = ml_monitor.largest_of(shares) -%}
    {%- set measures = {
        'uncertainty': '(1 - ' ~ best ~ ') * ' ~ n ~ 'e0 / ' ~ (n - 1),
        'margin': '1 - (' ~ best ~ ' - ' ~ ml_monitor.largest_of(pairs) ~ ')',
        'entropy': '(' ~ terms | join(' + ') ~ ') / ln(' ~ n ~ 'e0)',
    } -%}
    {#- Without any probability nothing is known, which is not the same as unsure. -#}
    {{ return('case when not (' ~ missing | join(' and ') ~ ') then ' ~ measures[strategy] ~ ' end' if missing else measures[strategy]) }}
{% endmacro %}
