{% macro model_comparison(name) %}
    {#- Body of <monitor>__model_comparison: versions that scored the same things (a shadow log), pair by pair, on the labelled rows that
        both have, of the newest windows. Tests need rows: this is the one model besides the profiles that reads the log. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(materialized='table', tags=['ml_monitor_profile'], sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    with

    {{ ml_monitor.compared_rows(spec) }},

    {{ ml_monitor.shadow_pairs(spec) }},

    {{ ml_monitor.paired_tests(spec) }},

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            champion,
            challenger,
            first_predicted_at,
            last_predicted_at,
            n as sample_size,
            n_positive,
            champion_loss,
            challenger_loss,
            loss_difference,
            loss_error,
            {{ ml_monitor.two_sided_tail('loss_difference / nullif(loss_error, 0)') }} as loss_p_value,
            champion_roc_auc,
            challenger_roc_auc,
            roc_auc_difference,
            roc_auc_error,
            {{ ml_monitor.two_sided_tail('roc_auc_difference / nullif(roc_auc_error, 0)') }} as roc_auc_p_value,
            only_champion_right,
            only_challenger_right,
            {{ ml_monitor.two_sided_tail('(only_challenger_right - only_champion_right) / nullif(sqrt(1e0 * only_champion_right + only_challenger_right), 0)') }} as mcnemar_p_value
        from paired_tests
    )

    select * from final
{% endmacro %}


{% macro two_sided_tail(z) -%}
    (2 * ({{ ml_monitor.normal_tail('abs(' ~ z ~ ')') }}))
{%- endmacro %}
