{#- How well scores rank, by the labels that had come at an age. A window is ranked at the ages at which labels came to it; at others nothing is new. -#}

{% macro age_ranks() %}
    {#- CTEs up to `rank_statistics` from `scored_profiles` and `stale_windows`; a cell is a monitor at an age. -#}
    scores_by_age as (
        select profiles.monitor, profiles.window_number, profiles.label_age, profiles.score,
            sum(case when profiles.label = 1 then profiles.n else 0 end) as positives, sum(case when profiles.label = 0 then profiles.n else 0 end) as negatives,
            sum(profiles.sum_score) as sum_score
        from scored_profiles as profiles
        inner join needed_windows on needed_windows.monitor = profiles.monitor and profiles.window_number > needed_windows.since_number
        inner join stale_windows on stale_windows.monitor = profiles.monitor and stale_windows.window_number = profiles.window_number
        group by profiles.monitor, profiles.window_number, profiles.label_age, profiles.score
    ),

    ranked_ages as (
        select distinct monitor, window_number, label_age from scores_by_age
    ),

    cells as (
        select monitor, label_age, row_number() over (order by monitor, label_age) as cell
        from (select distinct monitor, label_age from ranked_ages) as ages
    ),

    score_counts as (
        select cells.cell, ranked_ages.window_number, 1 as span, known.score
            {%- for column in ['positives', 'negatives', 'sum_score'] %},
            cast(sum(known.{{ column }}) as {{ ml_monitor.type_double() }}) as {{ column }}
            {%- endfor %}
        from ranked_ages
        inner join cells on cells.monitor = ranked_ages.monitor and cells.label_age = ranked_ages.label_age
        inner join scores_by_age as known
            on known.monitor = ranked_ages.monitor and known.window_number = ranked_ages.window_number and known.label_age <= ranked_ages.label_age
        group by cells.cell, ranked_ages.window_number, known.score
    ),

    {{ ml_monitor.score_placements() }},

    {{ ml_monitor.score_bands() }},

    {{ ml_monitor.band_statistics() }}
{%- endmacro %}


{% macro age_ranks_needed() %}
    {#- What the estimates of scores need of `rank_statistics`. -#}
    {{ return(['all_positives', 'all_negatives', 'roc_auc', 'roc_auc_error', 'average_precision', 'ks_separation']) }}
{% endmacro %}
