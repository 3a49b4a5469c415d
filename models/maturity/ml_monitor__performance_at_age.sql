{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}
{%- set has_scores = 'binary' in ml_monitor.declared_tasks() %}
{%- set estimates = ml_monitor.age_estimates() %}

{#- Metrics by prediction time at a fixed label age: windows of every age are compared with what each had at the same age. -#}

with

maturity as (
    select label_maturity.monitor, label_maturity.window_start, label_maturity.window_end, label_maturity.label_age, label_maturity.is_newest,
        label_maturity.label_coverage, monitors.task,
        {%- for name, sum in ml_monitor.age_totals().items() %}
        cast({{ sum }} as {{ ml_monitor.type_double() }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('ml_monitor__label_maturity') }} as label_maturity
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = label_maturity.monitor
    where label_maturity.n_labels > 0
),

{%- if has_scores %}

ranks as (
    select * from {{ ref('ml_monitor__ranks_at_age') }}
),

last_ranked as (
    {#- the last age, up to this one, at which labels came #}
    select maturity.*,
        max(ranks.label_age) over (
            partition by maturity.monitor, maturity.window_start order by maturity.label_age rows between unbounded preceding and current row
        ) as ranked_age
    from maturity
    left join ranks on ranks.monitor = maturity.monitor and ranks.window_start = maturity.window_start and ranks.label_age = maturity.label_age
),
{%- endif %}

measured as (
    {%- if has_scores %}
    select last_ranked.*
        {%- for column in ml_monitor.age_ranks_needed() %},
        ranks.{{ column }}
        {%- endfor %}
    from last_ranked
    left join ranks on ranks.monitor = last_ranked.monitor and ranks.window_start = last_ranked.window_start and ranks.label_age = last_ranked.ranked_age
    {%- else %}
    select * from maturity
    {%- endif %}
),

estimates as (
    select measured.monitor, measured.window_start, measured.window_end, measured.label_age, measured.is_newest, measured.label_coverage,
        {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
    from measured
    inner join ({{ ml_monitor.estimate_places(estimates) }}) as metrics on metrics.task = measured.task
),

final as (
    select monitor, window_start, window_end, label_age, is_newest, metric, metric_value,
        {{ ml_monitor.interval_columns() }},
        sample_size, label_coverage
    from estimates
    where metric_value is not null
)

select * from final
