{{ config(materialized='view', enabled=ml_monitor.any_declared('review')) }}

{#- What people are asked next, and what came of it; of monitors that declare `review`. -#}

with

queued as (
    {{ ml_monitor.union_declared('review', 'review_queue', ml_monitor.review_columns()) }}
),

final as (
    select
        queued.monitor,
        queued.prediction_id,
        queued.queue_date,
        queued.place,
        queued.reason,
        queued.priority,
        queued.is_exploration,
        queued.propensity,
        queued.stratum,
        queued.frame_until,
        queued.predicted_at,
        queued.model_version,
        queued.score,
        queued.prediction,
        queued.queued_at,
        case
            {#- what had a label was not queued: this one came later, also where it was said before and arrived late #}
            when labels.status = 'resolved' then 'answered'
            {#- until what was said since the claim is part of the label: if that is no resolved one, somebody else is asked #}
            when assignments.status = 'answered' and (labels.heard_at is null or labels.heard_at < assignments.claimed_at) then 'answered'
            when assignments.status = 'claimed' and assignments.expires_at > {{ ml_monitor.monitoring_now() }} then 'claimed'
            else 'open'
        end as status,
        assignments.reviewer,
        assignments.claimed_at,
        assignments.expires_at,
        labels.label,
        labels.labelled_at,
        labels.heard_at
    from queued
    left join {{ ref('ml_monitor__labels') }} as labels
        on labels.monitor = queued.monitor and labels.prediction_id = queued.prediction_id
    left join {{ ref('ml_monitor__review_assignments') }} as assignments
        on assignments.monitor = queued.monitor and assignments.prediction_id = queued.prediction_id
)

select * from final
