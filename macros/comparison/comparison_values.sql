{% macro comparison_values() %}
    {#- The differences as metric values of the challenger, at the newest window with compared rows whose labels are due. Of several champions it is
        held against the one that ran in its newest window and was there first. Rounded, for rows that are read again add up in another order. -#}
    select monitor, challenger as model_version, '__all__' as segment, '__all__' as segment_value, '__all__' as feature, window_start, window_end, 1 as span,
        metric || '_difference' as metric, 'performance' as family,
        {%- for number, name in {'difference': 'metric_value', 'lower_bound': 'lower_bound', 'upper_bound': 'upper_bound', 'p_value': 'p_value'}.items() %}
        {{ ml_monitor.rounded_score(number, 12) }} as {{ name }},
        {%- endfor %}
        sample_size,
        'against ' || champion as detail, last_predicted_at as source_updated_at
    from (
        select compared.*, windows.window_start, windows.window_end,
            row_number() over (
                partition by compared.monitor, compared.challenger, compared.metric
                order by windows.window_number desc, coalesce(champions.n_before, 0), compared.champion
            ) as place
        from (
            {{ ml_monitor.compared_metrics(ref('ml_monitor__model_comparisons'), ref('ml_monitor__monitors')) }}
        ) as compared
        inner join (
            {{ ml_monitor.due_windows() }}
        ) as windows on windows.monitor = compared.monitor and windows.window_start <= compared.last_predicted_at
        left join (
            select monitor, challenger as model_version, count(*) as n_before from {{ ref('ml_monitor__model_comparisons') }} group by monitor, challenger
        ) as champions on champions.monitor = compared.monitor and champions.model_version = compared.champion
    ) as placed
    where place = 1
{%- endmacro %}
