{% macro current_calibrations() %}
    {#- CTEs `current_curves`, those of the present configuration, and `calibrations`, those of all classes together. Rows frozen before classes
        had curves have no class. -#}
    current_curves as (
        select frozen.*, monitors.task
        from {{ ref('ml_monitor__calibration') }} as frozen
        inner join {{ ref('ml_monitor__monitors') }} as monitors
            on monitors.monitor = frozen.monitor and monitors.calibration_id = frozen.calibration_id
    ),

    calibrations as (
        select * from current_curves where coalesce(class, '__all__') = '__all__'
    )
{%- endmacro %}


{% macro estimable_windows() %}
    {#- CTE `estimable_windows`: a window is stale when its profile or the calibration of a version in it is newer. Needs the CTE `calibrations`. -#}
    calibrated_versions as (
        select monitor, model_version, max(updated_at) as updated_at from calibrations group by monitor, model_version
    ),

    estimable_windows as (
        select profiles.monitor, profiles.window_number,
            max(case when profiles.updated_at > versions.updated_at then profiles.updated_at else versions.updated_at end) as updated_at
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        inner join calibrated_versions as versions
            on versions.monitor = profiles.monitor and versions.model_version = profiles.model_version
        where profiles.segment = '__all__'
        group by profiles.monitor, profiles.window_number
    )
{%- endmacro %}


{% macro estimated_counts() %}
    {#- CTEs up to `window_bins`: predictions of each window per calibration bin, those labelled by now apart, with what the calibration expects of
        them. Side 1 is a predicted positive; many classes and a regression have one side. -#}
    {%- set cell_name = 'monitor, model_version, segment, segment_value' -%}
    profile_counts as (
        select profiles.monitor, profiles.model_version, profiles.segment, profiles.segment_value, profiles.window_number, profiles.score,
            case when profiles.prediction = 0 then 0 else 1 end as side,
            sum(profiles.n) as n,
            sum(case when profiles.outcome = 'labelled' then profiles.n else 0 end) as n_labelled,
            sum(case when profiles.outcome <> 'labelled' then 0 when monitors.task = 'regression' then profiles.sum_absolute_error
                when profiles.prediction = profiles.label or profiles.predicted_class = profiles.actual_class then profiles.n else 0 end) as realised
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        inner join needed_windows on needed_windows.monitor = profiles.monitor and profiles.window_number > needed_windows.since_number
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor
        where profiles.outcome in ('labelled', 'unlabelled') and profiles.score is not null and (profiles.prediction is not null or monitors.task <> 'binary')
        group by profiles.monitor, profiles.model_version, profiles.segment, profiles.segment_value, profiles.window_number, profiles.score,
            case when profiles.prediction = 0 then 0 else 1 end
    ),

    {{ ml_monitor.calibrated_scores() }},

    cells as (
        select named.*, monitors.task, monitors.cost_tp, monitors.cost_fp, monitors.cost_fn, monitors.cost_tn,
            row_number() over (order by named.monitor, named.model_version, named.segment, named.segment_value) as cell
        from (
            select {{ cell_name }} from profile_counts
            {{ ml_monitor.union_distinct() }}
            select monitor, '__all__', segment, segment_value from profile_counts
        ) as named
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = named.monitor
    ),

    window_bins as (
        select counts.monitor, counts.model_version, counts.segment, counts.segment_value, counts.window_number, counts.side, scores.bin,
            sum(counts.n) as n, sum(counts.n_labelled) as n_labelled, sum(counts.realised) as realised,
            {%- for population, n in {'': 'n', '_labelled': 'n_labelled'}.items() %}
            sum(counts.{{ n }} * scores.value) as expected{{ population }},
            sum(counts.{{ n }} * scores.variance) as variance{{ population }}{{ ',' if not loop.last }}
            {%- endfor %}
        from profile_counts as counts
        inner join calibrated_scores as scores
            on scores.monitor = counts.monitor and scores.model_version = counts.model_version and scores.score = counts.score
        group by counts.monitor, counts.model_version, counts.segment, counts.segment_value, counts.window_number, counts.side, scores.bin
    )
{% endmacro %}


{% macro calibrated_scores() %}
    calibrated_scores as (
        select counts.monitor, counts.model_version, counts.score,
            {{ ml_monitor.nearest_bin('counts.score', 'bins') }} as bin,
            {{ ml_monitor.calibrated_value('counts.score', 'bins') }} as value,
            bins.dispersion * case when bins.task <> 'regression'
                then ({{ ml_monitor.calibrated_value('counts.score', 'bins') }}) * (1 - ({{ ml_monitor.calibrated_value('counts.score', 'bins') }}))
                else coalesce(bins.loss_variance, 0) end as variance
        from (select distinct monitor, model_version, score from profile_counts) as counts
        inner join calibrations as bins
            on {{ ml_monitor.calibration_piece('counts', 'bins') }}
    )
{%- endmacro %}
