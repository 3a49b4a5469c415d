{% macro multivariate_comparisons() %}
    {#- The comparisons of the monitors with the option `multivariate`, each with its reference. -#}
    {%- set names = ml_monitor.multivariate_monitors() | map(attribute='name') | list -%}
    {%- set chosen = [] -%}
    {%- for comparison in ml_monitor.comparisons() if comparison.baseline == 'reference' -%}
        {%- set own = comparison.monitors | select('in', names) | list -%}
        {%- if own -%}{%- do chosen.append(dict(comparison, monitors=own)) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(chosen) }}
{% endmacro %}


{% macro multivariate_moments() %}
    {#- CTEs up to `current_moments`: the moments of the present configuration, of the reference and of the windows that stale ones look back on. -#}
    monitors as (
        select monitor, moment_set_id from {{ ref('ml_monitor__monitors') }} where moment_set_id is not null
    ),

    all_moments as (
        select moments.monitor, moments.part, moments.model_version, moments.window_number, moments.i, moments.j, moments.n_rows, moments.product_sum, moments.updated_at
        from {{ ref('ml_monitor__feature_moments') }} as moments
        inner join monitors on monitors.monitor = moments.monitor and monitors.moment_set_id = moments.moment_set_id
    ),

    reference_moments as (
        select monitor, i, j, product_sum from all_moments where part = 'reference'
    ),

    {{ ml_monitor.stale_windows("(select monitor, window_number, updated_at from all_moments where part = 'window') as moments", 'monitors.look_back') }},

    current_moments as (
        select all_moments.*
        from all_moments
        inner join needed_windows on needed_windows.monitor = all_moments.monitor and all_moments.window_number > needed_windows.since_number
        where all_moments.part = 'window'
    )
{%- endmacro %}


{% macro stretched_moments() %}
    {#- Moments of every version over every stretch of windows, by window frames over dense rows as in `stretch_counts`; stretches of
        earlier windows count all versions together. -#}
    axis as (
        select windows.monitor, windows.window_number, windows.is_excluded
        from {{ ref('ml_monitor__windows') }} as windows
        inner join needed_windows on needed_windows.monitor = windows.monitor and windows.window_number > needed_windows.since_number
    ),

    window_moments as (
        select monitor, model_version, window_number, i, j, product_sum, n_rows from current_moments
        union all
        select monitor, '__all__', window_number, i, j, sum(product_sum), sum(n_rows) from current_moments group by monitor, window_number, i, j
    ),

    versions as (
        select monitor, model_version, row_number() over (order by monitor, model_version) as cell
        from (select distinct monitor, model_version from window_moments) as known_versions
    ),

    cells as (
        select versions.cell, pooled.cell as pooled_cell, versions.monitor, versions.model_version, places.i, places.j
        from versions
        inner join versions as pooled on pooled.monitor = versions.monitor and pooled.model_version = '__all__'
        inner join (select distinct monitor, i, j from window_moments) as places on places.monitor = versions.monitor
    ),

    dense_moments as (
        select cells.*, axis.window_number, coalesce(own.product_sum, 0) as window_sum, coalesce(own.n_rows, 0) as window_rows,
            case when axis.is_excluded then 0 else coalesce(pooled.product_sum, 0) end as pooled_sum
        from cells
        inner join axis on axis.monitor = cells.monitor
        {%- for side, version in {'own': 'cells.model_version', 'pooled': "'__all__'"}.items() %}
        left join window_moments as {{ side }}
            on {{ side }}.monitor = cells.monitor
            and {{ side }}.model_version = {{ version }}
            and {{ side }}.window_number = axis.window_number
            and {{ side }}.i = cells.i
            and {{ side }}.j = cells.j
        {%- endfor %}
    ),

    stretched_moments as (
        select cell, pooled_cell, monitor, window_number, i, j
            {%- for from, to in ml_monitor.stretches() %},
            coalesce(sum({{ 'pooled' if to else 'window' }}_sum) over ({{ ml_monitor.stretch_frame('cell, i, j', from, to) }}), 0) as sum_{{ from }}_{{ to }},
            coalesce(sum(window_rows) over ({{ ml_monitor.stretch_frame('cell, i, j', from, to) }}), 0) as rows_{{ from }}_{{ to }}
            {%- endfor %}
        from dense_moments
    )
{% endmacro %}


{% macro compared_sums() %}
    {#- Moments of every stale window and span beside those of its baseline; `comparison` and `base` number both sides. The frozen reference
        is one base for all, a moving one is another for each window and span. -#}
    paired_sums as (
        {%- for comparison in ml_monitor.multivariate_comparisons() %}
            {%- set back = comparison.stretches %}
            {%- set span = [[comparison.span - 1, 0]] %}
        select stretched.cell, stretched.pooled_cell, stretched.monitor, stretched.window_number, {{ comparison.span }} as span, stretched.i, stretched.j,
            {{ 'stretched.window_number' if back else '-1' }} as base_window,
            {{ comparison.span if back else 0 }} as base_span,
            {{ ml_monitor.stretch_sum('stretched.sum', span) }} as product_sum,
            {{ ml_monitor.stretch_sum('stretched.rows', span) }} as n_rows,
            {{ ml_monitor.stretch_sum('stretched.sum', back) if back else 'coalesce(reference.product_sum, 0)' }} as base_sum
        from stretched_moments as stretched
        inner join stale_windows on stale_windows.monitor = stretched.monitor and stale_windows.window_number = stretched.window_number
            {%- if not back %}
        left join reference_moments as reference on reference.monitor = stretched.monitor and reference.i = stretched.i and reference.j = stretched.j
            {%- endif %}
        where {{ ml_monitor.of_monitors('stretched.monitor', comparison.monitors) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    compared_sums as (
        select *,
            dense_rank() over (order by cell, window_number, span) as comparison,
            dense_rank() over (order by pooled_cell, base_window, base_span) as base
        from paired_sums
    )
{% endmacro %}
