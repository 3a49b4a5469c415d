{% macro span_outcomes() %}
    {#- Outcome counts summed over each span of each stale window, per version and pooled. Metrics are computed after this sum:
        the mean of seven daily AUCs is not the AUC of the week. -#}
    {%- set group = 'stale_windows.monitor, stale_windows.window_number, spans.span, profiles.segment, profiles.segment_value, profiles.outcome, profiles.score, profiles.prediction, profiles.label' -%}
    outcome_profiles as (
        select monitor, window_number, model_version, segment, segment_value, outcome, score, prediction, label,
            sum(n) as n,
            sum(sum_score) as sum_score, sum(sum_squared_error) as sum_squared_error, sum(sum_fourth_error) as sum_fourth_error,
            sum(sum_log_loss) as sum_log_loss, sum(sum_squared_log_loss) as sum_squared_log_loss, sum(sum_error) as sum_error,
            sum(sum_absolute_error) as sum_absolute_error, sum(sum_label) as sum_label, sum(sum_squared_label) as sum_squared_label
        from {{ ref('ml_monitor__outcome_profiles') }}
        where outcome in ('labelled', 'unlabelled')
        group by monitor, window_number, model_version, segment, segment_value, outcome, score, prediction, label
    ),

    span_outcomes as (
        select
            stale_windows.monitor,
            stale_windows.window_number,
            spans.span,
            coalesce(profiles.model_version, '__all__') as model_version,
            profiles.segment,
            profiles.segment_value,
            profiles.outcome,
            profiles.score,
            profiles.prediction,
            profiles.label,
            sum(profiles.n) as n,
            sum(profiles.sum_squared_error) as sum_squared_error,
            sum(profiles.sum_fourth_error) as sum_fourth_error,
            sum(profiles.sum_log_loss) as sum_log_loss,
            sum(profiles.sum_squared_log_loss) as sum_squared_log_loss,
            sum(profiles.sum_error) as sum_error,
            sum(profiles.sum_absolute_error) as sum_absolute_error,
            sum(profiles.sum_label) as sum_label,
            sum(profiles.sum_squared_label) as sum_squared_label
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join outcome_profiles as profiles
            on profiles.monitor = stale_windows.monitor
            and profiles.window_number > stale_windows.window_number - spans.span
            and profiles.window_number <= stale_windows.window_number
        group by grouping sets (({{ group }}), ({{ group }}, profiles.model_version))
    )
{% endmacro %}


{% macro outcome_totals() %}
    select
        monitor, window_number, span, model_version, segment, segment_value,
        sum(n) as n_predictions,
        sum(case when outcome = 'labelled' then n else 0 end) as n,
        sum(case when prediction = 1 and label = 1 then n else 0 end) as tp,
        sum(case when prediction = 1 and label = 0 then n else 0 end) as fp,
        sum(case when prediction = 0 and label = 1 then n else 0 end) as fn,
        sum(case when prediction = 0 and label = 0 then n else 0 end) as tn,
        sum(sum_squared_error) as sum_squared_error,
        sum(sum_fourth_error) as sum_fourth_error,
        sum(sum_log_loss) as sum_log_loss,
        sum(sum_squared_log_loss) as sum_squared_log_loss,
        sum(sum_error) as sum_error,
        sum(sum_absolute_error) as sum_absolute_error,
        sum(sum_label) as sum_label,
        sum(sum_squared_label) as sum_squared_label
    from span_outcomes
    group by monitor, window_number, span, model_version, segment, segment_value
{%- endmacro %}
