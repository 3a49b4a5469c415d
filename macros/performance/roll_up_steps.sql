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
    {#- While dbt parses, only what the query refers to counts. -#}
    {%- if execute -%}{{ create_table_as(false, ml_monitor.roll_up_steps()[step], query) }}{%- endif -%}
{% endmacro %}


{% macro roll_up_step(name, unit, step) %}
    {%- set spec = ml_monitor.monitor(name) -%}
    with

    {{ ml_monitor.calendar_periods(spec, unit) }},

    {{ ml_monitor.period_spans(spec) }},

    {{ ml_monitor.outcome_step(step, ml_monitor.roll_up_steps()) }}

    select * from {{ step }}
{% endmacro %}
