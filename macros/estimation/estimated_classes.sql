{#- Many classes before labels: the expected row and column sums of the confusion matrix and its diagonal, and how scores rank, from the calibrated score of each class. -#}

{% macro estimated_classes() %}
    {#- CTEs up to `class_totals`: per class its predictions (side 1) and all others (side 0), with how many of them are expected to be of the class. -#}
    {%- set name = 'profiles.monitor, profiles.model_version, profiles.segment, profiles.segment_value, profiles.window_number, profiles.predicted_class' -%}
    class_calibrations as (
        select * from current_curves where class <> '__all__'
    ),

    class_profile_counts as (
        select {{ name }} as class, profiles.score, case when profiles.prediction = 1 then 1 else 0 end as side,
            sum(profiles.n_scored) as n, sum(profiles.sum_log_loss) as log_loss, sum(profiles.sum_squared_log_loss) as squared_log_loss
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        inner join needed_windows on needed_windows.monitor = profiles.monitor and profiles.window_number > needed_windows.since_number
        where profiles.outcome in ('class_score', 'unlabelled_class_score') and profiles.score is not null
        group by {{ name }}, profiles.score, case when profiles.prediction = 1 then 1 else 0 end
    ),

    calibrated_class_scores as (
        select counts.monitor, counts.model_version, counts.class, counts.score, bins.dispersion,
            {{ ml_monitor.nearest_bin('counts.score', 'bins') }} as bin,
            {{ ml_monitor.calibrated_value('counts.score', 'bins') }} as value
        from (select distinct monitor, model_version, class, score from class_profile_counts) as counts
        inner join class_calibrations as bins
            on {{ ml_monitor.calibration_piece('counts', 'bins') }}
            and bins.class = counts.class
    ),

    class_window_bins as (
        select counts.monitor, counts.model_version, counts.segment, counts.segment_value, counts.window_number, counts.class, counts.side, scores.bin,
            sum(counts.n) as n,
            sum(counts.n * scores.value) as expected,
            sum(counts.n * scores.dispersion * scores.value * (1 - scores.value)) as variance,
            sum(counts.log_loss * scores.value) as log_loss,
            sum(counts.squared_log_loss * scores.value) as squared_log_loss
        from class_profile_counts as counts
        inner join calibrated_class_scores as scores
            on scores.monitor = counts.monitor and scores.model_version = counts.model_version and scores.class = counts.class and scores.score = counts.score
        group by counts.monitor, counts.model_version, counts.segment, counts.segment_value, counts.window_number, counts.class, counts.side, scores.bin
    ),

    {{ ml_monitor.class_span_totals() }}
{%- endmacro %}


{% macro class_span_totals() %}
    {#- CTEs up to `class_totals`. As for two classes the error of the calibration is common to all rows of a block. -#}
    {%- set keys = 'cells.cell, span_windows.window_number, span_windows.span' -%}
    class_span_bins as (
        select {{ keys }}, bins.model_version, bins.class, curves.block, curves.mean_score, max(curves.value_variance * curves.dispersion) as value_variance,
            {%- for side in [1, 0] %}
            sum(case when bins.side = {{ side }} then bins.n else 0 end) as n{{ side }},
            sum(case when bins.side = {{ side }} then bins.expected else 0 end) as expected{{ side }},
            sum(case when bins.side = {{ side }} then bins.variance else 0 end) as variance{{ side }},
            {%- endfor %}
            sum(bins.log_loss) as log_loss, sum(bins.squared_log_loss) as squared_log_loss
        from span_windows
        inner join class_window_bins as bins on bins.monitor = span_windows.monitor and bins.window_number = span_windows.reached_number
        inner join cells
            on cells.monitor = bins.monitor and cells.model_version in (bins.model_version, '__all__')
            and cells.segment = bins.segment and cells.segment_value = bins.segment_value
        inner join class_calibrations as curves
            on curves.monitor = bins.monitor and curves.model_version = bins.model_version and curves.class = bins.class and curves.bin = bins.bin
        group by {{ keys }}, bins.model_version, bins.class, curves.block, curves.mean_score
    ),

    class_span_blocks as (
        select cell, window_number, span, model_version, class, block, max(value_variance) as value_variance
            {%- for sum in ['n1', 'n0', 'expected1', 'expected0', 'variance1', 'variance0', 'log_loss', 'squared_log_loss'] %},
            sum({{ sum }}) as {{ sum }}
            {%- endfor %}
        from class_span_bins
        group by cell, window_number, span, model_version, class, block
    ),

    class_totals as (
        select cell, window_number, span, class, sum(n1) as n1, sum(n0) as n0, sum(expected1) as expected1, sum(expected0) as expected0,
            sum(variance1 + n1 * n1 * value_variance) as variance1,
            sum(n1 * n0 * value_variance) as covariance,
            sum(variance0 + n0 * n0 * value_variance) as variance0,
            sum(log_loss) as log_loss, sum(squared_log_loss) as squared_log_loss
        from class_span_blocks
        group by cell, window_number, span, class
    )
{%- endmacro %}


{% macro expected_class_areas() %}
    {#- CTEs up to `expected_class_areas`: each class against all others, as two classes are, and the means over those that are expected to be some rows and not all. -#}
    class_score_counts as (
        select cell, window_number, span, class, mean_score as score,
            {%- for name, sum in {'positives': 'expected1 + expected0', 'negatives': 'n1 + n0 - expected1 - expected0', 'sum_score': '(n1 + n0) * mean_score'}.items() %}
            cast(sum({{ sum }}) as {{ ml_monitor.type_double() }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from class_span_bins
        group by cell, window_number, span, class, mean_score
    ),

    {{ ml_monitor.score_placements('class_') }},

    {{ ml_monitor.expected_areas('class_') }},

    expected_class_areas as (
        select cell, window_number, span, max(all_positives + all_negatives) as n
            {%- for column in ['roc_auc', 'roc_auc_error'] %},
            avg({{ column }}) as macro_{{ column }},
            sum(all_positives * {{ column }}) / sum(all_positives) as weighted_{{ column }}
            {%- endfor %}
        from class_areas
        where roc_auc is not null
        group by cell, window_number, span
    )
{%- endmacro %}


{% macro expected_class_scores() %}
    {#- CTEs up to `expected_class_averages`. The error of a mean is at most the mean of the errors: what one class gains another loses. -#}
    {%- set right, others, size = 'totals.expected1', 'totals.expected0', '(totals.n1 + totals.expected1 + totals.expected0)' -%}
    {%- set actual = '(' ~ right ~ ' + ' ~ others ~ ')' -%}
    {%- set scores = {
        'precision': [right ~ ' / totals.n1', '1 / totals.n1', '0', 'totals.n1'],
        'recall': [right ~ ' / ' ~ actual, others ~ ' / power(' ~ actual ~ ', 2)', '-' ~ right ~ ' / power(' ~ actual ~ ', 2)', actual],
        'f1': ['2 * ' ~ right ~ ' / ' ~ size, '2 * (totals.n1 + ' ~ others ~ ') / power(' ~ size ~ ', 2)', '-2 * ' ~ right ~ ' / power(' ~ size ~ ', 2)', size],
    } -%}
    expected_class_scores as (
        select totals.*, {{ actual }} as n_actual
            {%- for name, (value, slope1, slope0, divisor) in scores.items() %},
            case when {{ divisor }} > 0 then {{ value }} else 0 end as class_{{ name }},
            case when {{ divisor }} > 0 then {{ ml_monitor.two_sided_error(slope1, slope0) }} else 0 end as class_{{ name }}_error
            {%- endfor %}
        from class_totals as totals
        where {{ size }} > 0
    ),

    expected_class_averages as (
        select cell, window_number, span, sum(n1) as n, sum(log_loss) as log_loss, sum(squared_log_loss) as squared_log_loss, max(n1 + n0) as n_scored
            {%- for name in scores %}
            {%- for error in ['', '_error'] %},
            avg(class_{{ name }}{{ error }}) as macro_{{ name }}{{ error }},
            sum(n_actual * class_{{ name }}{{ error }}) / nullif(sum(n_actual), 0) as weighted_{{ name }}{{ error }}
            {%- endfor %}
            {%- endfor %}
        from expected_class_scores
        group by cell, window_number, span
    )
{%- endmacro %}


{% macro performance_from_class_scores() %}
    {#- One row per average. The loss of each class, weighted by how likely the class is; its error is that of a mean. -#}
    {%- set estimates = [ml_monitor._mean('estimated_log_loss', 'averages.log_loss', 'averages.squared_log_loss', 'averages.n_scored', none)] -%}
    {%- for average in ['macro', 'weighted'] -%}
    {%- for score in ['precision', 'recall', 'f1', 'roc_auc'] -%}
    {%- set source, metric = 'areas' if score == 'roc_auc' else 'averages', average ~ '_' ~ score -%}
    {%- set column, n = source ~ '.' ~ metric, source ~ '.n' -%}
    {%- do estimates.append(ml_monitor._estimate('estimated_' ~ metric, column, column ~ '_error', n ~ ' > 0', none, n)) -%}
    {%- endfor -%}
    {%- endfor %}
    select cell, window_number, span, metric, metric_value, sample_size,
        {{ ml_monitor.interval_columns() }},
        detail
    from (
        select averages.cell, averages.window_number, averages.span, {{ ml_monitor.estimate_choices(estimates, 'metrics.place') }}
        from expected_class_averages as averages
        left join expected_class_areas as areas
            on areas.cell = averages.cell and areas.window_number = averages.window_number and areas.span = averages.span
        cross join ({{ ml_monitor.places(1, estimates | length) }}) as metrics
    ) as measured
{%- endmacro %}
