{% macro exact_windows(spec, since, windows) %}
    {#- CTEs `requested`, the windows to compare, and `baselines`, the earlier windows that a moving reference consists of; -1 is a fixed one. -#}
    closed_windows as (
        select window_number, window_start, window_end, is_excluded from {{ ref('ml_monitor__windows') }} where monitor = {{ ml_monitor.literal(spec.name) }}
    ),

    requested as (
        select window_number, window_start, window_end
        from closed_windows
        where {{ "window_start >= cast('" ~ ml_monitor._iso(since, "macro 'exact_drift' of '" ~ spec.name ~ "', argument 'since'") ~ "' as timestamp)" if since else '1 = 1' }}
            {{ 'and window_number > (select max(window_number) from closed_windows) - ' ~ windows if windows }}
    ),

    baselines as (
        {%- for from, to in ml_monitor.reference_stretches(spec, 1) %}
        select requested.window_number, earlier.window_number as base_number
        from requested
        inner join closed_windows as earlier
            on earlier.window_number >= requested.window_number - {{ from }}
            and earlier.window_number <= requested.window_number - {{ to }}
            and not earlier.is_excluded
        {{ 'union all' if not loop.last }}
        {%- else %}
        select window_number, -1 as base_number from requested
        {%- endfor %}
    )
{% endmacro %}


{% macro exact_values(spec) %}
    {#- CTEs up to `points`: how often each distinct value occurs in a window (a) and in what it is compared with (b). Values are counted before
        they are compared, so a reference is not multiplied by its ties. -#}
    {%- set moves = ml_monitor.reference_stretches(spec, 1) != [] %}
    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(ml_monitor.monitor_relation(spec.predictions), {'predicted_at': spec.predicted_at}, ml_monitor.optional_columns(spec)) }}
    ),

    log_rows as {{ ml_monitor.inline_cte() }} (
        select
            {{ ml_monitor.window_number_of(ml_monitor.window_start_of('predicted_at', spec.window, spec.timezone), spec.window, spec.timezone) }} as window_number,
            {{ ml_monitor.parsed_columns(spec) }}
        from log
        where predicted_at < {{ ml_monitor.monitoring_now() }}
    ),

    window_values as (
        {{ ml_monitor.exact_value_counts(spec, 'log_rows', 'window_number in (select window_number from requested)') }}
    ),

    {%- if not moves %}

    {{ ml_monitor.reference_rows(spec) }},

    numbered_reference as {{ ml_monitor.inline_cte() }} (
        select -1 as window_number, reference_rows.* from reference_rows
    ),
    {%- endif %}

    base_values as (
        {{ ml_monitor.exact_value_counts(spec, 'log_rows' if moves else 'numbered_reference', 'window_number in (select base_number from baselines)') }}
    ),

    points as (
        select window_number, place, x, sum(a) as a, sum(b) as b
        from (
            select window_number, place, x, n as a, 0 as b from window_values
            union all
            select baselines.window_number, base_values.place, base_values.x, 0, base_values.n
            from base_values
            inner join baselines on baselines.base_number = base_values.window_number
        ) as both_sides
        group by window_number, place, x
    )
{% endmacro %}


{% macro exact_value_counts(spec, rows, condition) %}
    {#- Distinct finite values of every chosen column and how often they occur, in one scan. -#}
    select window_number, place, x, cast(count(*) as {{ ml_monitor.type_double() }}) as n
    from (
        select window_number, places.place, case places.place {% for variable in spec.variables %}when {{ loop.index }} then x{{ loop.index }} {% endfor %}end as x
        from {{ rows }}
        cross join ({{ ml_monitor.places(1, spec.variables | length) }}) as places
        where {{ condition }}
    ) as tall_values
    where x is not null
    group by window_number, place, x
{% endmacro %}
