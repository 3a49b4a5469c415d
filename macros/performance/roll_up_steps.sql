{#- Where a warehouse computes a CTE once for each reader, those of a roll-up that many read are tables beside it while it is built. -#}

{% macro roll_up_steps() %}
    {%- set steps = {} -%}
    {%- for step in ['cells', 'span_totals', 'totals'] -%}
        {%- do steps.update({step: this.incorporate(path={'identifier': this.identifier ~ '__' ~ step}, type='table')}) -%}
    {%- endfor -%}
    {{ return(steps) }}
{% endmacro %}


{% macro roll_up_hooks(name, unit) %}
    {%- set before, after = [], [] -%}
    {%- for step in ml_monitor.roll_up_steps() if ml_monitor.repeats_ctes() -%}
        {%- set drop = "drop table if exists {{ ml_monitor.roll_up_steps()['" ~ step ~ "'] }}" -%}
        {%- do before.extend([drop, "{{ ml_monitor.keep_roll_up_step('" ~ name ~ "', '" ~ unit ~ "', '" ~ step ~ "') }}"]) -%}
        {%- do after.append(drop) -%}
    {%- endfor -%}
    {{ return({'pre_hook': before, 'post_hook': after}) }}
{% endmacro %}


{% macro keep_roll_up_step(name, unit, step) %}
    {%- set query = ml_monitor.roll_up_step(name, unit, step) -%}
    {%- if execute -%}{{ create_table_as(false, ml_monitor.roll_up_steps()[step], query) }}{%- endif -%}
{% endmacro %}


{% macro roll_up_step(name, unit, step) %}
    {%- set spec, steps = ml_monitor.monitor(name), ml_monitor.roll_up_steps() -%}
    with

    {{ ml_monitor.calendar_periods(spec, unit) }},

    {{ ml_monitor.period_spans(spec) }},

    {%- if step == 'totals' %}

    {{ ml_monitor.outcome_statistics(steps) }},

    totals as (
        {{ ml_monitor.outcome_totals() }}
    )
    {%- else %}

    {{ ml_monitor.needed_outcomes() }},

    {%- if step == 'cells' %}

    {{ ml_monitor.outcome_cells() }}
    {%- else %}

    cells as (
        select * from {{ steps.cells }}
    ),

    {{ ml_monitor.span_totals() }}
    {%- endif %}
    {%- endif %}

    select * from {{ step }}
{% endmacro %}
