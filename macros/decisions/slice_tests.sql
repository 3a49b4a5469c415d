{% macro slice_tests() %}
    {#- CTE `tests`: one-sided z test of a segment value against everyone else: two shares with a pooled rate for the accuracy, two means for the
        absolute error. `damage` is what the value costs the whole: its share times its gap. -#}
    compared as (
        select one.monitor, one.segment, one.segment_value, one.metric, one.window_start, one.window_end, one.span, windows.window_number, windows.alpha,
            one.n, one.metric_value, everyone.n - one.n as other_n, everyone.n as all_n, everyone.metric_value as all_value,
            (everyone.n * everyone.metric_value - one.n * one.metric_value) / (everyone.n - one.n) as other_value,
            one.error, everyone.error as all_error
        from rates as one
        inner join rates as everyone
            on everyone.monitor = one.monitor and everyone.metric = one.metric and everyone.window_start = one.window_start and everyone.span = one.span
            and everyone.segment = '__all__'
        inner join windows on windows.monitor = one.monitor and windows.window_start = one.window_start
        where one.segment <> '__all__' and one.n >= windows.min_rows and everyone.n - one.n >= windows.min_rows
    ),

    scored as (
        select compared.*,
            case when metric = 'accuracy' then other_value - metric_value else metric_value - other_value end as gap,
            case when metric = 'accuracy' then sqrt(all_value * (1 - all_value) * (1 / n + 1 / other_n))
                else sqrt(error * error + all_error * all_error * all_n / other_n) end as gap_error
        from compared
    ),

    standardised as (
        select scored.*, gap / nullif(gap_error, 0) as z, gap * n / all_n as damage from scored
    ),

    tests as (
        select standardised.*, {{ ml_monitor.normal_tail('z') }} as p_value from standardised
    )
{%- endmacro %}
