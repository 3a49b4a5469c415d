{% macro rank_statistics() %}
    {#- What needs the order of scores, from counts per score: `rank_statistics`. One pass gives each score the rows before and behind
        it; the sums are kept apart for ten bands with equal numbers of rows (equal scores share one), for calibration. -#}
    {%- set group = 'cell, window_number, span' -%}
    {%- set double = ml_monitor.type_double() -%}
    {%- set sums = ['positives', 'negatives', 'sum_score'] -%}
    window_scores as (
        {{ ml_monitor.cell_counts(['score'], {
            'positives': 'sum(case when label = 1 then n else 0 end)',
            'negatives': 'sum(case when label = 0 then n else 0 end)',
            'sum_score': 'sum(sum_score)',
        }, 'score is not null and label is not null') }}
    ),

    span_scores as (
        {{ ml_monitor.ranked_sums('window_scores', ['score'], sums) }}
    ),

    score_counts as (
        select {{ group }}, {% for column in ['score'] + sums %}cast({{ column }} as {{ double }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from span_scores
    ),

    {{ ml_monitor.score_placements() }},

    {{ ml_monitor.score_bands() }},

    {{ ml_monitor.band_statistics() }}
{% endmacro %}


{% macro rank_keys(of) %}
    {#- What scores are ranked within: of two classes the cell and span, of many each class against all others (`of` is then `class_`). -#}
    {{ return(['cell', 'window_number', 'span'] + (['class'] if of else [])) }}
{% endmacro %}


{% macro score_placements(of='') %}
    {%- set group = ml_monitor.rank_keys(of) | join(', ') -%}
    {{ of }}placements as (
        select {{ group }}, score, positives, negatives, sum_score,
            sum(negatives) over (partition by {{ group }} order by score rows between unbounded preceding and current row) - negatives / 2 as negatives_below,
            sum(positives) over (partition by {{ group }} order by score rows between unbounded preceding and current row) - positives / 2 as positives_below
        from {{ of }}score_counts
    )
{%- endmacro %}
