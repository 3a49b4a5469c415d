{% macro score_bands(of='') %}
    {#- Sums over the scores of each band. `negatives_below` and `positives_below` count rows with equal scores half, so the rows at or
        above a score are the rest and half of its own. -#}
    {%- set at_or_above = {
        'positives': '(all_positives - positives_below + positives / 2)',
        'negatives': '(all_negatives - negatives_below + negatives / 2)',
    } -%}
    {%- set rows_above = '(' ~ at_or_above.positives ~ ' + ' ~ at_or_above.negatives ~ ' - positives - negatives)' -%}
    {%- set wanted = '(monitors.lift_at * (all_positives + all_negatives) - ' ~ rows_above ~ ')' -%}
    {%- set captured = 'case when ' ~ wanted ~ ' <= 0 then 0 when ' ~ wanted ~ ' >= positives + negatives then positives else positives * ' ~ wanted ~ ' / (positives + negatives) end' -%}
    {%- set keys = ml_monitor.rank_keys(of) -%}
    {%- set group = 'placements.' ~ (keys | join(', placements.')) ~ ', ' ~ (ml_monitor.score_totals() | join(', ')) -%}
    {%- set band = ml_monitor.score_band() -%}
    {%- set n, rate = '(all_positives + all_negatives)', '(all_positives / (all_positives + all_negatives))' -%}
    {%- set residual = '(' ~ rate ~ ' + calibration_slope * (score - mean_score))' -%}
    {{ ml_monitor.score_slopes(of) }},

    {{ of }}score_bands as (
        select {{ group }}, {{ band }} as band,
            sum(positives) as positives,
            sum(negatives) as negatives,
            sum(sum_score) as sum_score,
            {%- for power, name in {2: 'squared', 4: 'fourth'}.items() %}
            sum(positives * power(1 - score, {{ power }}) + negatives * power(score, {{ power }})) as sum_{{ name }}_error,
            {%- endfor %}
            sum(positives * negatives_below) as pairs_won,
            sum(positives * negatives_below * negatives_below) as sum_squared_positive_placements,
            sum(negatives * (all_positives - positives_below) * (all_positives - positives_below)) as sum_squared_negative_placements,
            sum(positives * {{ at_or_above.positives }} / ({{ at_or_above.positives }} + {{ at_or_above.negatives }})) as sum_precision,
            max(abs({{ at_or_above.positives }} / nullif(all_positives, 0) - {{ at_or_above.negatives }} / nullif(all_negatives, 0))) as largest_gap,
            sum({{ captured }}) as captured_positives,
            sum((score - mean_score) * (score - mean_score) * (
                positives * (1 - {{ residual }}) * (1 - {{ residual }}) + negatives * {{ residual }} * {{ residual }})) as slope_noise
        from {{ of }}placements as placements
        inner join {{ of }}slopes as slopes
            on {% for key in keys %}slopes.{{ key }} = placements.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = slopes.monitor
        group by {{ group }}, {{ band }}
    )
{%- endmacro %}


{% macro score_totals() %}
    {#- Of all bands together, kept beside each. -#}
    {{ return(['lift_at', 'all_positives', 'all_negatives', 'mean_score', 'sum_squared_score', 'sum_positive_score', 'calibration_slope']) }}
{% endmacro %}


{% macro band_statistics(of='') %}
    {#- ROC AUC as the Mann-Whitney statistic with DeLong's standard error (DeLong, DeLong and Clarke-Pearson 1988), average precision,
        KS, captured positives; the calibration error of the bands and Murphy's terms (1973), with standard errors by the delta method
        (edges taken as given). -#}
    {%- set group = (ml_monitor.rank_keys(of) + ml_monitor.score_totals()) | join(', ') -%}
    {%- set n = '(positives + negatives)' -%}
    {%- set total = '(all_positives + all_negatives)' -%}
    {{ of }}banded as (
        select bands.*,
            {{ n }} as n,
            (sum_score - positives) / {{ n }} as gap,
            positives / {{ n }} as rate,
            all_positives / {{ total }} as overall_rate
        from {{ of }}score_bands as bands
    ),

    {{ of }}band_sums as (
        select {{ group }},
            {%- for sum in ['sum_squared_error', 'sum_fourth_error', 'pairs_won', 'sum_squared_positive_placements', 'sum_squared_negative_placements', 'sum_precision', 'captured_positives', 'slope_noise'] %}
            sum({{ sum }}) as {{ sum }},
            {%- endfor %}
            max(largest_gap) as ks_separation,
            sum(n * abs(gap)) / {{ total }} as calibration_error,
            sum(n * gap * gap) / {{ total }} as reliability,
            sum(n * (rate - overall_rate) * (rate - overall_rate)) / {{ total }} as resolution,
            sum(sum_squared_error - n * gap * gap) as within_noise,
            sum(4 * gap * gap * sum_squared_error - 4 * n * power(gap, 4)) as reliability_noise,
            sum(n * power(gap, 4)) as sum_fourth_gap,
            sum(4 * n * (rate - overall_rate) * (rate - overall_rate) * rate * (1 - rate)) as resolution_noise,
            sum(n * power(rate - overall_rate, 4)) as sum_fourth_resolution
        from {{ of }}banded
        group by {{ group }}
    ),

    {{ ml_monitor.rank_errors(of) }}
{%- endmacro %}


{% macro rank_errors(of='') %}
    {%- set non_negative = ml_monitor.non_negative -%}
    {%- set total = '(all_positives + all_negatives)' -%}
    {{ of }}areas as (
        select sums.*, {{ total }} as n_ranked,
            pairs_won / nullif(all_positives * all_negatives, 0) as roc_auc,
            sum_precision / nullif(all_positives, 0) as average_precision
        from {{ of }}band_sums as sums
    ),

    {{ of }}rank_statistics as (
        select areas.*,
            {{ ml_monitor.delong_error() }} as roc_auc_error,
            sqrt({{ non_negative('(within_noise + n_ranked * (reliability - calibration_error * calibration_error))') }}) / n_ranked as calibration_error_error,
            sqrt({{ non_negative('(reliability_noise + sum_fourth_gap - n_ranked * reliability * reliability)') }}) / n_ranked as reliability_error,
            sqrt({{ non_negative('(resolution_noise + sum_fourth_resolution - n_ranked * resolution * resolution)') }}) / n_ranked as resolution_error,
            case when slope_noise is not null then sqrt(slope_noise) / (sum_squared_score - n_ranked * mean_score * mean_score) end as calibration_slope_error
        from {{ of }}areas as areas
    )
{%- endmacro %}


{% macro score_slopes(of='') %}
    {#- CTEs up to `slopes`: the slope of labels on scores, for its own standard error. -#}
    {%- set keys = ml_monitor.rank_keys(of) | join(', ') -%}
    {%- set n = '(all_positives + all_negatives)' -%}
    {%- set spread = '(sum_squared_score - ' ~ n ~ ' * mean_score * mean_score)' -%}
    {{ of }}score_sums as (
        select {{ keys }}, sum(positives) as all_positives, sum(negatives) as all_negatives,
            sum(score * (positives + negatives)) / sum(positives + negatives) as mean_score,
            sum(score * score * (positives + negatives)) as sum_squared_score,
            sum(score * positives) as sum_positive_score
        from {{ of }}score_counts
        group by {{ keys }}
    ),

    {{ of }}slopes as (
        {#- Of equal scores rounding leaves a spread that is not quite 0. #}
        select sums.*, cells.monitor,
            case when {{ spread }} > 1e-12 * {{ n }} then (sum_positive_score - all_positives * mean_score) / {{ spread }} end as calibration_slope
        from {{ of }}score_sums as sums
        inner join cells on cells.cell = sums.cell
    )
{%- endmacro %}
