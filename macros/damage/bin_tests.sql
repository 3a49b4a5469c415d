{% macro bin_tests() %}
    {#- CTE `tests`: one-sided z test of the mean error in a bin of a feature against that in all its other bins, in each half of the error profile:
        two shares with a pooled rate for a classifier, two means (Welch) for a regression. `damage` is what the bin costs the whole: its share
        times its gap. -#}
    bin_sums as (
        select monitor, half, feature, bin, bin_label, n, error_sum, squared_error_sum,
            {%- for sum in ['n', 'error_sum', 'squared_error_sum'] %}
            sum({{ sum }}) over (partition by monitor, half, feature) - {{ sum }} as other_{{ sum }}{{ ',' if not loop.last }}
            {%- endfor %}
        from error_profiles
        where not ({{ ml_monitor.is_output('feature') }})
    ),

    compared as (
        select bin_sums.*, monitors.alpha, monitors.task, (error_sum + other_error_sum) / (n + other_n) as all_error,
            {%- for side in ['', 'other_'] %}
            {{ side }}error_sum / {{ side }}n as {{ side }}error,
            {{ ml_monitor.mean_error(side ~ 'error_sum', side ~ 'squared_error_sum', side ~ 'n') }} as {{ side }}noise{{ ',' if not loop.last }}
            {%- endfor %}
        from bin_sums
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = bin_sums.monitor
        where bin_sums.n >= monitors.min_rows and bin_sums.other_n >= monitors.min_rows
            and not ({{ ml_monitor.is_small_cell('bin_sums.n', 'bin_sums.monitor') }})
    ),

    scored as (
        select compared.*, error - other_error as gap,
            case when task = 'regression' then sqrt(noise * noise + other_noise * other_noise)
                else sqrt({{ ml_monitor.non_negative('all_error * (1 - all_error)') }} * (1 / n + 1 / other_n)) end as gap_error
        from compared
    ),

    standardised as (
        select scored.*, gap / nullif(gap_error, 0) as z, gap * n / (n + other_n) as damage from scored
    ),

    tests as (
        select standardised.*, {{ ml_monitor.normal_tail('z') }} as p_value from standardised
    )
{%- endmacro %}
