{% macro span_outcomes(steps=none) %}
    {#- Outcome counts summed over each span of each stale window, per version and pooled: `span_totals`. Metrics are computed after
        these sums: the mean of seven daily AUCs is not the AUC of the week. A `cell` numbers monitor, version and segment. -#}
    {{ ml_monitor.needed_outcomes() }},

    {%- if ml_monitor.repeats_ctes() %}
    {%- set steps = steps or {'cells': ref('ml_monitor__outcome_cells'), 'span_totals': ref('ml_monitor__outcome_spans')} %}

    cells as (
        select * from {{ steps.cells }}
    ),

    span_totals as (
        select * from {{ steps.span_totals }}
    ),
    {%- else %}

    {{ ml_monitor.outcome_cells() }},

    {{ ml_monitor.span_totals() }},
    {%- endif %}

    {{ ml_monitor.ranked_cells() }}
{% endmacro %}


{% macro needed_outcomes() %}
    outcome_profiles as {{ ml_monitor.inline_cte() }} (
        select profile.*
        from {{ ref('ml_monitor__outcome_profiles') }} as profile
        inner join needed_windows
            on needed_windows.monitor = profile.monitor
            and profile.window_number > needed_windows.since_number
        where profile.outcome in ('labelled', 'unlabelled', 'superseded')
    )
{%- endmacro %}


{% macro span_totals() %}
    {%- set totals = ml_monitor.outcome_total_columns() -%}
    window_totals as (
        {{ ml_monitor.cell_counts([], totals) }}
    ),

    span_totals as (
        {{ ml_monitor.span_sums('window_totals', totals.keys() | list) }}
    )
{%- endmacro %}


{% macro ranked_cells() %}
    ranked_cells as (
        {#- A version that is alone in a span has the order of scores of all versions together: that is not computed twice. #}
        select totals.cell, totals.window_number, totals.span, case when totals.n_rows = pooled.n_rows then cells.pooled_cell else totals.cell end as ranked_cell
        from span_totals as totals
        inner join cells on cells.cell = totals.cell
        inner join span_totals as pooled
            on pooled.cell = cells.pooled_cell
            and pooled.window_number = totals.window_number
            and pooled.span = totals.span
    )
{%- endmacro %}


{% macro cell_counts(keys, sums, condition=none, source='outcome_profiles') %}
    {#- Counts per window and cell: first of each version, then of all versions together from those. -#}
    {%- set name = ['monitor', 'model_version', 'segment', 'segment_value', 'window_number'] + keys -%}
    select cells.monitor, cells.cell, {% for key in ['window_number'] + keys %}versions.{{ key }}, {% endfor %}
            {% for column in sums %}sum(versions.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from (
            select {{ name | join(', ') }},
                {%- for column, sum in sums.items() %}
                {{ sum }} as {{ column }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ source }}
            {{ 'where ' ~ condition if condition }}
            group by {{ name | join(', ') }}
        ) as versions
        inner join cells
            on cells.monitor = versions.monitor
            and cells.model_version in (versions.model_version, '__all__')
            and cells.segment = versions.segment
            and cells.segment_value = versions.segment_value
        group by cells.monitor, cells.cell{% for key in ['window_number'] + keys %}, versions.{{ key }}{% endfor %}
{%- endmacro %}


{% macro span_sums(windows, sums) %}
    {%- set group = ['counted.cell', 'spans.window_number', 'spans.span'] -%}
    select {{ group | join(', ') }},
            {% for column in sums %}sum(counted.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from stale_spans as spans
        inner join {{ windows }} as counted
            on counted.monitor = spans.monitor
            and counted.window_number > spans.window_number - spans.span
            and counted.window_number <= spans.window_number
        group by {{ group | join(', ') }}
{%- endmacro %}


{% macro ranked_sums(windows, keys, sums) %}
    {#- The same for counts that have keys of their own (a score, a pair of classes), once for cells that hold the same rows. -#}
    {%- set group = ['counted.cell', 'ranked.window_number', 'ranked.span'] -%}
    {%- for key in keys -%}{%- do group.append('counted.' ~ key) -%}{%- endfor -%}
    select {{ group | join(', ') }},
            {% for column in sums %}sum(counted.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        from ranked_cells as ranked
        inner join {{ windows }} as counted
            on counted.cell = ranked.cell
            and counted.window_number > ranked.window_number - ranked.span
            and counted.window_number <= ranked.window_number
        where ranked.cell = ranked.ranked_cell
        group by {{ group | join(', ') }}
{%- endmacro %}


{% macro outcome_cells() %}
    {%- set cell_name = 'monitor, model_version, segment, segment_value' -%}
    numbered_cells as (
        select {{ cell_name }}, row_number() over (order by {{ cell_name }}) as cell
        from (
            select distinct {{ cell_name }} from outcome_profiles
            {{ ml_monitor.union_distinct() }}
            select distinct monitor, '__all__' as model_version, segment, segment_value from outcome_profiles
        ) as named
    ),

    cells as (
        select numbered.*, pooled.cell as pooled_cell
        from numbered_cells as numbered
        inner join numbered_cells as pooled
            on pooled.monitor = numbered.monitor
            and pooled.segment = numbered.segment
            and pooled.segment_value = numbered.segment_value
            and pooled.model_version = '__all__'
    )
{%- endmacro %}
