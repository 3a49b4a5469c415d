{% macro feedback_rows(spec, feedback) %}
    {#- The feedback known by now; of two labels for one prediction the later one counts. A feedback row with no
        time counts as given at an unknown age. -#}
    {%- set id = ml_monitor.identifier(spec.prediction_id) -%}
    {%- set labelled_at = ml_monitor.identifier(spec.labelled_at) -%}
    feedback as {{ ml_monitor.inline_cte() }} (
        {%- if feedback %}
        select
            {{ id }} as prediction_id,
            cast({{ labelled_at }} as timestamp) as labelled_at,
            {{ ml_monitor.outcome_value(ml_monitor.identifier(spec.label), spec) }} as label,
            case when {{ ml_monitor.identifier(spec.label) }} is not null then 1 end as has_label
        from {{ feedback }}
        where {{ labelled_at }} is null or {{ labelled_at }} < {{ ml_monitor.monitoring_now() }}
        {%- else %}
        {#- none, with an id of the type that the log's has #}
        select {{ id }} as prediction_id, cast(null as timestamp) as labelled_at,
            cast(null as {{ dbt.type_string() if spec.task == 'multiclass' else ml_monitor.type_double() }}) as label, cast(null as integer) as has_label
        from {{ ml_monitor.monitor_relation(spec.predictions) }}
        where 1 = 0
        {%- endif %}
    )
{% endmacro %}


{% macro touched_outcome_windows(spec, log) %}
    {#- Windows with a changed number of predictions or older than the segments, and windows whose predictions got labels: those labelled in a window that now
        holds another number of feedback rows than the profile. Late, changed and deleted labels are found alike. -#}
    {%- set unit = spec.window -%}
    {%- set epoch = ml_monitor.window_epoch(unit) -%}
    {%- set id = ml_monitor.identifier(spec.prediction_id) -%}
    {%- set moment = ml_monitor.identifier(spec.predicted_at) -%}
    {%- set window = ml_monitor.window_start_of(moment, unit, spec.timezone) -%}
    {%- set labelled_window = 'coalesce(' ~ ml_monitor.window_start_of('labelled_at', unit, spec.timezone) ~ ', ' ~ epoch ~ ')' -%}
    {%- set since = "(select coalesce(" ~ ml_monitor.add_windows(-(spec.lookback or 0), 'max(window_start)', unit, spec.timezone) ~ ", " ~ epoch ~ ") from " ~ this ~ ")" -%}
    {%- set bounded = is_incremental() and spec.lookback %}
    prediction_counts as (
        select {{ window }} as window_start, count(*) as n
        from {{ log }}
        where {{ moment }} < {{ ml_monitor.monitoring_now() }}
            {{ 'and ' ~ moment ~ ' >= ' ~ since if bounded }}
        group by {{ window }}
    ),

    {%- if is_incremental() %}

    profiled as (
        select
            window_start,
            coalesce({{ ml_monitor.add_windows('label_age', 'window_start', unit, spec.timezone) }}, {{ epoch }}) as labelled_window,
            sum(case when outcome <> 'orphan' then n else 0 end) as n,
            sum(n_feedback) as n_feedback,
            max(labelled_until) as labelled_until,
            min(updated_at) as updated_at,
            min(outcome_spec_id) as outcome_spec_id
        from {{ this }}
        where segment = '__all__'
        group by window_start, coalesce({{ ml_monitor.add_windows('label_age', 'window_start', unit, spec.timezone) }}, {{ epoch }})
    ),

    changed_labelled_windows as (
        select arrived.labelled_window
        from (
            select {{ labelled_window }} as labelled_window, count(*) as n_feedback, max(labelled_at) as labelled_until
            from feedback
            {{ 'where labelled_at is null or labelled_at >= ' ~ since if bounded }}
            group by {{ labelled_window }}
        ) as arrived
        left join (
            select labelled_window, sum(n_feedback) as n_feedback, max(labelled_until) as labelled_until
            from profiled where n_feedback > 0 group by labelled_window
        ) as known
            on known.labelled_window = arrived.labelled_window
        where known.labelled_window is null
            or known.n_feedback <> arrived.n_feedback
            or known.labelled_until <> arrived.labelled_until
    ),

    changed_prediction_windows as (
        select prediction_counts.window_start
        from prediction_counts
        left join (
            select window_start, sum(n) as n, min(updated_at) as updated_at, min(outcome_spec_id) as outcome_spec_id
            from profiled
            group by window_start
        ) as known
            on known.window_start = prediction_counts.window_start
        where known.window_start is null
            or known.n <> prediction_counts.n
            or known.updated_at < (select max(updated_at) from kept_segments)
            or coalesce(known.outcome_spec_id, '') <> '{{ spec.outcome_spec_id }}'
    ),

    {#- Not all predictions with all labels: what is new is few, and is looked up in the log of the other side. By join: `in` takes no
        numbers for texts, and a log may have the one and the feedback the other. #}
    new_labels as (
        select prediction_id from feedback where {{ labelled_window }} in (select labelled_window from changed_labelled_windows)
    ),

    new_predictions as (
        select {{ id }} as id
        from {{ log }}
        where {{ moment }} < {{ ml_monitor.monitoring_now() }} and {{ window }} in (select window_start from changed_prediction_windows)
    ),

    changed_windows as (
        select window_start from changed_prediction_windows
        {{ ml_monitor.union_distinct() }}
        select labelled_window from changed_labelled_windows
        {{ ml_monitor.union_distinct() }}
        select {{ window }}
        from {{ log }} as predictions
        inner join new_labels on new_labels.prediction_id = predictions.{{ id }}
        where {{ moment }} < {{ ml_monitor.monitoring_now() }}
        {{ ml_monitor.union_distinct() }}
        {#- labels that were orphans until their prediction came #}
        select {{ labelled_window }}
        from feedback
        inner join new_predictions on new_predictions.id = feedback.prediction_id
        where {{ labelled_window }} in (select window_start from {{ this }} where outcome = 'orphan')
    ),
    {%- else %}

    changed_windows as (
        select window_start from prediction_counts
        {{ ml_monitor.union_distinct() }}
        select {{ labelled_window }} from feedback
    ),
    {%- endif %}

    touched as (
        {{ ml_monitor.few_rows('changed_windows') }}
    )
{% endmacro %}


{% macro latest_labels() %}
    {#- CTE `labels`: of the labels for one prediction the latest. -#}
    ranked_feedback as (
        select
            feedback.prediction_id,
            feedback.labelled_at,
            feedback.label,
            feedback.has_label,
            row_number() over (partition by feedback.prediction_id order by case when feedback.labelled_at is null then 1 else 0 end, feedback.labelled_at desc) as recency
        from feedback
        inner join (select distinct prediction_id from predictions) as relevant
            on relevant.prediction_id = feedback.prediction_id
    ),

    labels as (
        select prediction_id, labelled_at, label, has_label from ranked_feedback where recency = 1
    )
{% endmacro %}


{% macro outcome_rows(spec) %}
    {#- Predictions of the touched windows with their latest label; then what belongs to no prediction, or is no longer the label. -#}
    {%- set unit = spec.window -%}
    {%- set id = ml_monitor.identifier(spec.prediction_id) -%}
    {%- set labelled_window = 'coalesce(' ~ ml_monitor.window_start_of('labelled_at', unit, spec.timezone) ~ ', ' ~ ml_monitor.window_epoch(unit) ~ ')' -%}
    {%- set nulls = 'null, ' * (ml_monitor.outcome_row(spec) | length) -%}
    {{ ml_monitor.latest_labels() }},

    touched_feedback as (
        select prediction_id, labelled_at, {{ labelled_window }} as window_start
        from feedback
        where {{ labelled_window }} in (select window_start from touched)
    ),

    answered_predictions as (
        select touched_feedback.prediction_id
        from touched_feedback
        inner join {{ ml_monitor.monitor_relation(spec.predictions) }} as predictions on predictions.{{ id }} = touched_feedback.prediction_id
    ),

    orphans as (
        select touched_feedback.window_start, touched_feedback.labelled_at
        from touched_feedback
        left join answered_predictions on answered_predictions.prediction_id = touched_feedback.prediction_id
        where answered_predictions.prediction_id is null
    ),

    matched as {{ ml_monitor.inline_cte() }} (
        select
            predictions.*,
            {{ ml_monitor.windows_between('predictions.window_start', 'labels.labelled_at', unit, spec.timezone) }} as label_age,
            labels.label,
            labels.has_label,
            labels.labelled_at,
            case when labels.prediction_id is not null then 1 else 0 end as n_feedback
        from predictions
        left join labels on labels.prediction_id = predictions.prediction_id
    ),

    {%- if spec.task == 'ranking' %}

    {{ ml_monitor.query_scores(spec) }},
    {%- endif %}

    outcome_rows as (
        select
            window_start,
            model_version,
            {%- for segment in spec.segments %}
            segment_{{ loop.index }},
            {%- endfor %}
            label_age,
            case when label is not null then 'labelled' else 'unlabelled' end as outcome,
            {%- for name, expression in ml_monitor.outcome_row(spec).items() %}
            {{ expression }} as {{ name }},
            {%- endfor %}
            n_feedback,
            1 as n,
            labelled_at
        from {{ 'query_scores' if spec.task == 'ranking' else 'matched' }}
        union all
        {{- ml_monitor.class_score_rows(spec) }}
        select window_start, '__missing__', {% for segment in spec.segments %}'__missing__', {% endfor %}
            case when labelled_at is not null then 0 end, 'orphan', {{ nulls }}1, 1, labelled_at
        from orphans
        union all
        select predictions.window_start, predictions.model_version, {% for segment in spec.segments %}predictions.segment_{{ loop.index }}, {% endfor %}
            {{ ml_monitor.windows_between('predictions.window_start', 'superseded.labelled_at', unit, spec.timezone) }}, 'superseded', {{ nulls }}1, 0, superseded.labelled_at
        from ranked_feedback as superseded
        inner join predictions on predictions.prediction_id = superseded.prediction_id
        where superseded.recency > 1
        union all
        {#- Replacing a window needs a row of it, also when nothing is left in it. #}
        select window_start, '__missing__', {% for segment in spec.segments %}'__missing__', {% endfor %}
            null, 'empty', {{ nulls }}0, 0, null
        from touched
        where window_start not in (select window_start from predictions) and window_start not in (select window_start from orphans)
    )
{% endmacro %}
