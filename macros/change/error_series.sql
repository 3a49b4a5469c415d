{% macro error_series() %}
    {#- CTEs up to `series`: the error of each mature window in standard deviations of the first healthy ones, which `place` counts. A new model
        version starts a new regime: a detector that fired is then reset. One deviation per root of rows: windows differ in size. -#}
    errors as (
        select performance.monitor, performance.window_start, performance.window_end, cast(performance.sample_size as {{ ml_monitor.type_double() }}) as n,
            case when performance.metric = 'accuracy' then 1 - performance.metric_value else performance.metric_value end as error,
            performance.metric, monitors.healthy_windows
        from {{ ref('ml_monitor__performance') }} as performance
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = performance.monitor
        where performance.metric in ('accuracy', 'mae') and performance.span = 1 and performance.segment = '__all__' and performance.model_version = '__all__'
            and performance.sample_size > 0
            and case
                {%- for cut in ml_monitor.window_cuts('monitors.monitor') %}
                when {{ cut.condition }} then cast({{ ml_monitor.add_windows('monitors.label_delay', 'performance.window_end', cut.unit, cut.zone) }} as timestamp)
                {%- endfor %}
            end <= {{ ml_monitor.monitoring_now() }}
    ),

    version_starts as (
        select monitor, model_version, min(window_start) as started_at
        from {{ ref('ml_monitor__performance') }}
        where model_version <> '__all__' and segment = '__all__' and span = 1 and metric in ('accuracy', 'mae')
        group by monitor, model_version
    ),

    regimes as (
        select errors.monitor, errors.metric, errors.window_start, errors.window_end, errors.n, errors.error, errors.healthy_windows,
            count(version_starts.model_version) as regime
        from errors
        inner join version_starts on version_starts.monitor = errors.monitor and version_starts.started_at <= errors.window_start
        group by errors.monitor, errors.metric, errors.window_start, errors.window_end, errors.n, errors.error, errors.healthy_windows
    ),

    placed as (
        select *, row_number() over (partition by monitor, metric, regime order by window_start) as place from regimes
    ),

    {{ ml_monitor.standardised_errors() }}
{%- endmacro %}


{% macro standardised_errors() %}
    {#- CTEs up to `series`. Needs the CTE `placed`. -#}
    levels as (
        select monitor, metric, regime, sum(n * error) / sum(n) as mean_error, count(*) as n_windows
        from placed
        where place <= healthy_windows
        group by monitor, metric, regime
    ),

    scales as (
        select levels.monitor, levels.metric, levels.regime, levels.mean_error,
            sqrt(sum(placed.n * power(placed.error - levels.mean_error, 2)) / (max(levels.n_windows) - 1)) as deviation
        from levels
        inner join placed
            on placed.monitor = levels.monitor and placed.metric = levels.metric and placed.regime = levels.regime and placed.place <= placed.healthy_windows
        group by levels.monitor, levels.metric, levels.regime, levels.mean_error
        having max(levels.n_windows) >= 7
    ),

    series as (
        select placed.monitor, placed.metric as error_metric, placed.regime, placed.place, placed.healthy_windows, placed.window_start, placed.window_end, placed.n, placed.error,
            (placed.error - scales.mean_error) * sqrt(placed.n) / nullif(scales.deviation, 0) as x
        from placed
        left join scales on scales.monitor = placed.monitor and scales.metric = placed.metric and scales.regime = placed.regime
    )
{%- endmacro %}
