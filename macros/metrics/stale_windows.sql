{% macro stale_windows(source, horizon, spec_id='monitors.metric_spec_id') %}
    {#- Closed windows whose metrics are missing or older than the profile windows that they cover: `horizon` of them, ending
        with the window itself. A silence longer than every span has no metrics. Compared window by window, so no order of runs and no crash can leave one behind. -#}
    source_windows as (
        select monitor, window_number, max(updated_at) as updated_at
        from {{ source }}
        group by monitor, window_number
    ),

    current_windows as (
        select
            windows.monitor,
            windows.window_number,
            windows.window_start,
            windows.window_end,
            {{ spec_id }} as metric_spec_id,
            {{ horizon }} as horizon,
            max(source_windows.updated_at) as source_updated_at
        from {{ ref('ml_monitor__windows') }} as windows
        inner join {{ ref('ml_monitor__monitors') }} as monitors
            on monitors.monitor = windows.monitor
        inner join source_windows
            on source_windows.monitor = windows.monitor
            and source_windows.window_number > windows.window_number - ({{ horizon }})
            and source_windows.window_number <= windows.window_number
        group by windows.monitor, windows.window_number, windows.window_start, windows.window_end, {{ spec_id }}, monitors.longest_span, {{ horizon }}
        having max(source_windows.window_number) > windows.window_number - monitors.longest_span
    ),

    stale_windows as (
        select current_windows.*
        from current_windows
        {%- if is_incremental() %}
        left join (
            select monitor, window_start, max(source_updated_at) as source_updated_at, max(metric_spec_id) as metric_spec_id
            from {{ this }}
            group by monitor, window_start
        ) as known
            on known.monitor = current_windows.monitor
            and known.window_start = current_windows.window_start
        where known.monitor is null
            or known.source_updated_at <> current_windows.source_updated_at
            or known.metric_spec_id <> current_windows.metric_spec_id
        {%- endif %}
    ),

    needed_windows as (
        {#- the stretch of the profile that the stale windows look back on: history before it is not read #}
        select monitor, min(window_number - horizon) as since_number from stale_windows group by monitor
    )
{% endmacro %}


{% macro stale_spans() %}
    {#- The spans that end with a stale window. -#}
    stale_spans as (
        select stale_windows.monitor, stale_windows.window_number, spans.span
        from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
    )
{% endmacro %}


{% macro metric_config() %}
    {#- Metric tables replace whole windows, so that what a restated window no longer has disappears. -#}
    {{ return(dict({
        'enabled': ml_monitor.any_monitors(),
        'materialized': 'incremental' if ml_monitor.replaces_groups() else 'table',
        'on_schema_change': 'append_new_columns',
        'sql_header': ml_monitor.sql_header(),
    }, **ml_monitor.replacing(['monitor', 'window_start']))) }}
{% endmacro %}
