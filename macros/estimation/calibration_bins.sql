{% macro calibration_bins() %}
    {#- CTEs up to `bins`: equal-frequency bins of the score with the mean of what is calibrated in each: the label of a binary model, whether
        one of many classes was right, whether each class happened (`class`), the absolute error of a regression. Fifty bins, fewer when they would have
        less than fifty rows. Needs the CTE `cohort`. -#}
    {%- set version = 'monitor, model_version, class' -%}
    {{ ml_monitor.calibration_counts() }},

    score_counts as (
        select {{ version }}, score, sum(n) as n, sum(total) as total, sum(squares) as squares
        from cohort_counts
        group by {{ version }}, score
    ),

    spread as (
        select *,
            sum(n) over (partition by {{ version }} order by score rows between unbounded preceding and current row) - n / 2 as middle,
            sum(n) over (partition by {{ version }}) as all_n
        from score_counts
    ),

    raw_bins as (
        select {{ version }}, floor(middle / all_n * case when all_n >= 2500 then 50 when all_n >= 100 then floor(all_n / 50) else 1 end) as raw_bin,
            sum(n) as n, sum(n * score) / sum(n) as mean_score, sum(total) as total, sum(squares) as squares
        from spread
        group by {{ version }}, floor(middle / all_n * case when all_n >= 2500 then 50 when all_n >= 100 then floor(all_n / 50) else 1 end)
    ),

    bins as (
        select {{ version }}, cast(row_number() over (partition by {{ version }} order by raw_bin) as integer) as bin, n, cast(mean_score as {{ ml_monitor.type_double() }}) as mean_score, total, squares
        from raw_bins
    )
{% endmacro %}


{% macro calibration_counts() %}
    {#- CTE `cohort_counts`: labels of the cohort per score and what is calibrated. Needs the CTE `cohort`. -#}
    {%- set side = "case when profiles.outcome = 'class_score' then 1 else coalesce(profiles.prediction, 1) end" -%}
    cohort_counts as (
        select profiles.monitor, profiles.model_version, {{ ml_monitor.calibrated_class() }} as class, profiles.window_number, profiles.score, {{ side }} as prediction,
            cast(sum(case when profiles.outcome = 'class_score' then profiles.n_scored else profiles.n end) as {{ ml_monitor.type_double() }}) as n,
            cast(sum({{ ml_monitor.calibrated_outcome('sum_absolute_error') }}) as {{ ml_monitor.type_double() }}) as total,
            cast(sum({{ ml_monitor.calibrated_outcome('sum_squared_error') }}) as {{ ml_monitor.type_double() }}) as squares
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        inner join cohort
            on cohort.monitor = profiles.monitor and cohort.model_version = profiles.model_version and cohort.window_number = profiles.window_number
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor
        where profiles.segment = '__all__' and profiles.outcome in ('labelled', 'class_score') and profiles.score is not null
            and (profiles.prediction is not null or monitors.task <> 'binary')
        group by profiles.monitor, profiles.model_version, {{ ml_monitor.calibrated_class() }}, profiles.window_number, profiles.score, {{ side }}
    )
{%- endmacro %}


{% macro calibrated_outcome(error) -%}
    case monitors.task
                when 'binary' then profiles.label * profiles.n
                when 'multiclass' then case when profiles.predicted_class = profiles.actual_class
                    then case when profiles.outcome = 'class_score' then profiles.n_scored else profiles.n end else 0 end
                else profiles.{{ error }}
            end
{%- endmacro %}


{% macro calibrated_class() -%}
    {#- Of many classes each has a curve of its own, beside that of the predicted one. -#}
    case when profiles.outcome = 'class_score' then profiles.predicted_class else '__all__' end
{%- endmacro %}


{% macro isotonic_bins() %}
    {#- CTEs up to `calibrated_bins`. Isotonic regression by its min-max formula, the largest over a <= i of the least over b >= i of the mean of
        bins a to b (Robertson, Wright and Dykstra 1988): equal to pooling adjacent violators, without recursion. An error has no order to
        keep: a regression has the means themselves. -#}
    {%- set version = 'first_bin.monitor, first_bin.model_version, first_bin.class' -%}
    running as (
        select *,
            sum(n) over (partition by monitor, model_version, class order by bin rows between unbounded preceding and current row) as n_until,
            sum(total) over (partition by monitor, model_version, class order by bin rows between unbounded preceding and current row) as total_until
        from bins
    ),

    stretches as (
        select {{ version }}, first_bin.bin as first_bin, last_bin.bin,
            min((last_bin.total_until - first_bin.total_until + first_bin.total) / (last_bin.n_until - first_bin.n_until + first_bin.n)) over (
                partition by {{ version }}, first_bin.bin order by last_bin.bin rows between current row and unbounded following
            ) as least_mean
        from running as first_bin
        inner join running as last_bin
            on last_bin.monitor = first_bin.monitor and last_bin.model_version = first_bin.model_version and last_bin.class = first_bin.class and last_bin.bin >= first_bin.bin
    ),

    isotonic as (
        select monitor, model_version, class, bin, max(least_mean) as value from stretches group by monitor, model_version, class, bin
    ),

    valued as (
        select bins.*, case when monitors.task <> 'regression' then isotonic.value else bins.total / bins.n end as value,
            monitors.task, monitors.calibration_id
        from bins
        inner join isotonic
            on isotonic.monitor = bins.monitor and isotonic.model_version = bins.model_version and isotonic.class = bins.class and isotonic.bin = bins.bin
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = bins.monitor
    ),

    {{ ml_monitor.calibration_blocks() }}
{% endmacro %}


{% macro calibration_blocks() %}
    {#- A block is what shares one calibrated value, and one error of it. The variance of a class is that of its smoothed rate, so that a block
        without a positive is not taken for certain. -#}
    {%- set version = 'partition by monitor, model_version, class' -%}
    blocks as (
        select *,
            min(bin) over ({{ version }}, case when task <> 'regression' then value else bin end) as block,
            sum(n) over ({{ version }}, case when task <> 'regression' then value else bin end) as block_n,
            sum(total) over ({{ version }}, case when task <> 'regression' then value else bin end) as block_total,
            {{ ml_monitor.sample_variance('total', 'squares', 'n') }} as loss_variance
        from valued
    ),

    calibrated_bins as (
        select monitor, calibration_id, model_version, class, task, bin, block, n, total / n as mean_value, mean_score, value,
            case when task <> 'regression' then (block_total + 0.5e0) / (block_n + 1) * (1 - (block_total + 0.5e0) / (block_n + 1)) / block_n else coalesce(loss_variance, 0) / n end as value_variance,
            loss_variance,
            lead(mean_score) over ({{ version }} order by bin) as next_mean_score,
            lead(value) over ({{ version }} order by bin) as next_value
        from blocks
    )
{% endmacro %}
