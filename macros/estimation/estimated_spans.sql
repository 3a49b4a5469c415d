{% macro estimated_spans() %}
    {#- CTEs up to `score_counts`: the bins summed over each span, for all predictions and for the labelled ones. Expected positives and negatives
        per bin stand for the counts that the AUC needs: within a bin half of the pairs are taken for ordered. -#}
    {%- set keys = 'bins.cell, span_windows.window_number, span_windows.span' -%}
    span_windows as (
        {#- Few rows, so that the bins are joined by equality: between bins a range of windows is a join of all with all. -#}
        select stale_windows.monitor, stale_windows.window_number, spans.span, reached.window_number as reached_number
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join estimable_windows as reached
            on reached.monitor = stale_windows.monitor
            and reached.window_number > stale_windows.window_number - spans.span
            and reached.window_number <= stale_windows.window_number
    ),

    cell_bins as (
        select cells.cell, bins.*
        from window_bins as bins
        inner join cells
            on cells.monitor = bins.monitor and cells.model_version in (bins.model_version, '__all__')
            and cells.segment = bins.segment and cells.segment_value = bins.segment_value
    ),

    span_bins as (
        select {{ keys }}, populations.population, bins.monitor, bins.model_version, bins.bin,
            {%- for side in [1, 0] %}
            {%- for column in ['n', 'expected', 'variance'] %}
            sum(case when bins.side <> {{ side }} then 0 when populations.population = 'all' then bins.{{ column }} else bins.{{ column }}_labelled end) as {{ column }}{{ side }},
            {%- endfor %}
            {%- endfor %}
            sum(bins.realised) as realised
        from span_windows
        inner join cell_bins as bins on bins.monitor = span_windows.monitor and bins.window_number = span_windows.reached_number
        cross join ({{ ml_monitor.names('population', ['all', 'labelled']) }}) as populations
        where populations.population = 'all' or bins.n_labelled > 0
        group by {{ keys }}, populations.population, bins.monitor, bins.model_version, bins.bin
    ),

    calibrated_span_bins as (
        select span_bins.*, calibrations.task, calibrations.block, calibrations.mean_score, calibrations.value_variance * calibrations.dispersion as value_variance
        from span_bins
        inner join calibrations
            on calibrations.monitor = span_bins.monitor and calibrations.model_version = span_bins.model_version and calibrations.bin = span_bins.bin
    ),

    score_counts as (
        select cell, window_number, span, mean_score as score,
            {%- for name, sum in {'positives': 'expected1 + expected0', 'negatives': 'n1 + n0 - expected1 - expected0', 'sum_score': '(n1 + n0) * mean_score'}.items() %}
            cast(sum({{ sum }}) as {{ ml_monitor.type_double() }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from calibrated_span_bins
        where population = 'all' and task = 'binary'
        group by cell, window_number, span, mean_score
    ),

    {{ ml_monitor.score_placements() }},

    {{ ml_monitor.expected_areas() }}
{%- endmacro %}


{% macro estimated_totals() %}
    {#- CTE `totals`. Every metric follows from what is expected of the two sides, its error from their variances: of the labels, and of the
        calibration, which is common to all rows of a block and does not fade with the size of the window. -#}
    {%- set keys = 'cell, window_number, span, population' -%}
    span_blocks as (
        select {{ keys }}, model_version, block, max(value_variance) as value_variance, sum(realised) as realised,
            {%- for side in [1, 0] %}
            sum(n{{ side }}) as n{{ side }}, sum(expected{{ side }}) as expected{{ side }}, sum(variance{{ side }}) as variance{{ side }}{{ ',' if not loop.last }}
            {%- endfor %}
        from calibrated_span_bins
        group by {{ keys }}, model_version, block
    ),

    totals as (
        select {{ keys }},
            cast(sum(n1) as {{ ml_monitor.type_double() }}) as n1, cast(sum(n0) as {{ ml_monitor.type_double() }}) as n0, cast(sum(n1 + n0) as {{ ml_monitor.type_double() }}) as n,
            sum(expected1) as expected1, sum(expected0) as expected0, sum(realised) as realised,
            sum(variance1 + 1e0 * n1 * n1 * value_variance) as variance1,
            sum(1e0 * n1 * n0 * value_variance) as covariance,
            sum(variance0 + 1e0 * n0 * n0 * value_variance) as variance0
        from span_blocks
        group by {{ keys }}
    )
{%- endmacro %}


{% macro expected_areas(of='') %}
    {#- CTE `areas`: the AUC of the expected counts. -#}
    {%- set keys = ml_monitor.rank_keys(of) | join(', ') -%}
    {{ of }}area_sums as (
        select {{ keys }}, all_positives, all_negatives,
            sum(positives * negatives_below) / nullif(all_positives * all_negatives, 0) as roc_auc,
            sum(positives * negatives_below * negatives_below) as sum_squared_positive_placements,
            sum(negatives * (all_positives - positives_below) * (all_positives - positives_below)) as sum_squared_negative_placements
        from (
            select placements.*, sum(positives) over (partition by {{ keys }}) as all_positives, sum(negatives) over (partition by {{ keys }}) as all_negatives
            from {{ of }}placements as placements
        ) as placed
        group by {{ keys }}, all_positives, all_negatives
    ),

    {{ of }}areas as (
        select sums.*, {{ ml_monitor.delong_error() }} as roc_auc_error
        from {{ of }}area_sums as sums
    )
{%- endmacro %}
