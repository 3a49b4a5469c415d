{% macro touched_custom_windows(spec, metrics) %}
    {#- Per metric the windows that the feature profile (and, for a metric with the label, the outcome profile) holds in a newer state: what
        counts as changed is decided there, once. A new metric meets every window, the others none. -#}
    definitions as (
        {%- for metric in metrics %}
        select '{{ metric.metric_id }}' as metric_id, '{{ metric.metric }}' as metric, {{ 'true' if metric.needs_label else 'false' }} as needs_label
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    profiled as (
        select window_start, max(updated_at) as updated_at, false as is_outcome
        from {{ ref(spec.name ~ '__feature_profile') }}
        group by window_start
        {%- if metrics | selectattr('needs_label') | list %}
        union all
        select window_start, max(updated_at) as updated_at, true as is_outcome
        from {{ ref(spec.name ~ '__outcome_profile') }}
        group by window_start
        {%- endif %}
    ),

    current_windows as (
        select definitions.metric_id, definitions.metric, profiled.window_start, max(profiled.updated_at) as source_updated_at
        from definitions
        inner join profiled on definitions.needs_label or not profiled.is_outcome
        group by definitions.metric_id, definitions.metric, profiled.window_start
    ),

    touched as (
        select current_windows.metric_id, current_windows.metric, current_windows.window_start, current_windows.source_updated_at
        from current_windows
        {%- if is_incremental() %}
        left join (
            select metric_id, window_start, max(source_updated_at) as source_updated_at
            from {{ this }}
            group by metric_id, window_start
        ) as known
            on known.metric_id = current_windows.metric_id
            and known.window_start = current_windows.window_start
        where known.metric_id is null or known.source_updated_at <> current_windows.source_updated_at
        {%- endif %}
    )
{% endmacro %}
