{% macro calibration_cohort() %}
    {#- CTEs up to `cohort`: the windows that each version is calibrated on, once they are all mature. A version that has no predictions in the
        declared period takes its own first windows. -#}
    version_windows as (
        select profiles.monitor, profiles.model_version, profiles.window_number, sum(case when profiles.outcome = 'labelled' then profiles.n else 0 end) as n_labels
        from {{ ref('ml_monitor__outcome_profiles') }} as profiles
        {%- if is_incremental() %}
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profiles.monitor
        left join (select distinct monitor, model_version, calibration_id from {{ this }}) as frozen
            on frozen.monitor = profiles.monitor
            and frozen.model_version = profiles.model_version
            and frozen.calibration_id = monitors.calibration_id
        {%- endif %}
        where profiles.segment = '__all__' and profiles.outcome in ('labelled', 'unlabelled') {{ 'and frozen.monitor is null' if is_incremental() }}
        group by profiles.monitor, profiles.model_version, profiles.window_number
    ),

    placed as (
        select version_windows.*, monitors.calibration_windows, monitors.calibration_to, monitors.min_rows,
            case when windows.window_start >= monitors.calibration_from and windows.window_start < monitors.calibration_to then 1 else 0 end as in_period,
            row_number() over (partition by version_windows.monitor, version_windows.model_version order by version_windows.window_number) as place,
            newest.last_number - monitors.label_delay as last_mature_number,
            newest.last_window_end
        from version_windows
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = version_windows.monitor
        inner join {{ ref('ml_monitor__windows') }} as windows
            on windows.monitor = version_windows.monitor and windows.window_number = version_windows.window_number and not windows.is_excluded
        inner join (select monitor, max(window_number) as last_number, max(window_end) as last_window_end from {{ ref('ml_monitor__windows') }} group by monitor) as newest
            on newest.monitor = version_windows.monitor
    ),

    {{ ml_monitor.calibration_choice() }}
{%- endmacro %}


{% macro calibration_choice() %}
    {#- CTEs up to `cohort`: a declared period that a version has predictions in, else its first windows, if all are mature. Needs the CTE `placed`. -#}
    chosen as (
        select *, max(in_period) over (partition by monitor, model_version) as has_period from placed
    ),

    ready as (
        select monitor, model_version
        from chosen
        where case when has_period = 1 then in_period = 1 else place <= calibration_windows end
        group by monitor, model_version
        having max(window_number) <= max(last_mature_number)
            and case when max(has_period) = 1 then max(last_window_end) >= max(calibration_to) else count(*) >= max(calibration_windows) end
            and sum(n_labels) >= max(min_rows)
    ),

    cohort as (
        select chosen.monitor, chosen.model_version, chosen.window_number
        from chosen
        inner join ready on ready.monitor = chosen.monitor and ready.model_version = chosen.model_version
        where case when chosen.has_period = 1 then chosen.in_period = 1 else chosen.place <= chosen.calibration_windows end
    )
{%- endmacro %}
