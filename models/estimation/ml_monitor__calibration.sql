{{ config(
    materialized='incremental',
    incremental_strategy=ml_monitor.append_strategy(),
    enabled=ml_monitor.any_monitors(),
    on_schema_change='append_new_columns',
    sql_header=ml_monitor.sql_header(),
) }}

{#- What a score means: frozen once per version, on labelled windows that are over and mature. -#}

with

{{ ml_monitor.calibration_cohort() }},

{{ ml_monitor.calibration_bins() }},

{{ ml_monitor.isotonic_bins() }},

{{ ml_monitor.calibration_dispersion() }},

cohort_ends as (
    select cohort.monitor, cohort.model_version, min(windows.window_start) as calibrated_from, max(windows.window_end) as calibrated_to
    from cohort
    inner join {{ ref('ml_monitor__windows') }} as windows on windows.monitor = cohort.monitor and windows.window_number = cohort.window_number
    group by cohort.monitor, cohort.model_version
),

final as (
    select
        bins.monitor,
        bins.calibration_id,
        bins.model_version,
        bins.class,
        bins.bin,
        bins.block,
        cast(bins.n as bigint) as n,
        bins.mean_score,
        bins.mean_value,
        bins.value,
        bins.value_variance,
        bins.loss_variance,
        bins.next_mean_score,
        bins.next_value,
        cast(coalesce(dispersion.dispersion, 1e0) as {{ ml_monitor.type_double() }}) as dispersion,
        cohort_ends.calibrated_from,
        cohort_ends.calibrated_to,
        {{ ml_monitor.monitoring_now() }} as frozen_at,
        cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp) as updated_at
    from calibrated_bins as bins
    inner join cohort_ends on cohort_ends.monitor = bins.monitor and cohort_ends.model_version = bins.model_version
    left join dispersion on dispersion.monitor = bins.monitor and dispersion.model_version = bins.model_version and dispersion.class = bins.class
)

select * from final
