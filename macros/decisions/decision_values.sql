{#- Worst slices, mix and rate in the shape of `ml_monitor__metric_values`: one number per window. -#}

{% macro slice_values() %}
    {#- The largest gap and damage of a segment value that was found to be worse on the last windows without common rows and is again now; 0 if there is
        none. So a value waits for no later window. -#}
    {%- for metric, column in {'worst_slice_gap': 'gap', 'worst_slice_damage': 'damage'}.items() %}
    select monitor, '__all__' as model_version, '__all__' as segment, '__all__' as segment_value, '__all__' as feature, window_start, window_end, span,
        '{{ metric }}' as metric, 'performance' as family, confirmed as metric_value, sample_size,
        case when confirmed > 0 then found_segment || ' = ' || found_value end as detail, window_end as source_updated_at
    from (
        select tested.*,
            row_number() over (partition by monitor, window_start, span order by confirmed desc, sample_size desc, found_segment, found_value) as place
        from (
            {{ ml_monitor.confirmed_slices(column) }}
        ) as tested
    ) as ranked
    where place = 1
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro confirmed_slices(column) %}
    select slices.monitor, slices.segment as found_segment, slices.segment_value as found_value, slices.window_start, slices.window_end, slices.span, slices.sample_size,
        case when earlier.is_worse and slices.p_value <= 0.05e0 then slices.{{ column }} else 0 end as confirmed
    from {{ ref('ml_monitor__worst_slices') }} as slices
    inner join {{ ref('ml_monitor__windows') }} as windows on windows.monitor = slices.monitor and windows.window_start = slices.window_start
    inner join {{ ref('ml_monitor__windows') }} as windows_before
        on windows_before.monitor = slices.monitor and windows_before.window_number = windows.window_number - slices.span
    inner join {{ ref('ml_monitor__worst_slices') }} as earlier
        on earlier.monitor = slices.monitor and earlier.segment = slices.segment and earlier.segment_value = slices.segment_value and earlier.metric = slices.metric
        and earlier.span = slices.span and earlier.window_start = windows_before.window_start
{%- endmacro %}


{% macro decomposition_values() %}
    {#- Both effects of the values of a segment column together, on the accuracy or mean absolute error; `feature` is `segment:<column>`. The error of
        mix is that of shares (multinomial), the rates taken as given. -#}
    {%- set middle = '((baseline_value + metric_value) / 2)' -%}
    {%- set noise = [] -%}
    {%- for share, n in {'share': 'sample_size', 'baseline_share': 'baseline_size'}.items() -%}
        {%- set mean = 'sum(' ~ share ~ ' * ' ~ middle ~ ')' -%}
        {%- do noise.append(ml_monitor.non_negative('(sum(' ~ share ~ ' * ' ~ middle ~ ' * ' ~ middle ~ ') - ' ~ mean ~ ' * ' ~ mean ~ ')') ~ ' / sum(' ~ n ~ ')') -%}
    {%- endfor -%}
    {%- for metric, error in {'mix_effect': 'sqrt(' ~ noise | join(' + ') ~ ')', 'rate_effect': 'sqrt(sum(rate_error * rate_error))'}.items() %}
    select monitor, '__all__' as model_version, '__all__' as segment, '__all__' as segment_value, 'segment:' || segment as feature, window_start, window_end, span,
        '{{ metric }}' as metric, 'performance' as family, sum({{ metric }}) as metric_value,
        sum({{ metric }}) - 1.959963984540054e0 * {{ error }} as lower_bound, sum({{ metric }}) + 1.959963984540054e0 * {{ error }} as upper_bound,
        sum(sample_size) as sample_size, sum(baseline_size) as reference_size, window_end as source_updated_at
    from {{ ref('ml_monitor__performance_decomposition') }}
    where metric in ('accuracy', 'mae')
    group by monitor, segment, window_start, window_end, span
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
