{#- Columns have generated aliases (x1, x2, …), never the user's names: any name is safe and the SQL stays short. -#}

{% macro optional_columns(spec) %}
    {% set columns = {} %}
    {% do columns.update(ml_monitor.segment_sources(spec)) %}
    {% for variable in spec.variables %}
        {% do columns.update({'raw_' ~ loop.index: variable.column}) %}
    {% endfor %}
    {{ return(columns) }}
{% endmacro %}


{% macro segment_sources(spec) %}
    {#- The columns that segments are made of, as `raw_segment_<i>` -> column. -#}
    {% set sources = {} %}
    {% for column in spec.segment_columns.values() | sum(start=[]) | unique %}
        {% do sources.update({'raw_segment_' ~ loop.index: column}) %}
    {% endfor %}
    {{ return(sources) }}
{% endmacro %}


{% macro segment_value_of(spec, segment) %}
    {#- Value of a segment; of crossed columns their values in the order of the cross. -#}
    {%- set parts = [] -%}
    {%- for column in spec.segment_columns[segment] -%}
        {%- for alias, source in ml_monitor.segment_sources(spec).items() if source == column -%}
            {%- do parts.append('coalesce(' ~ ml_monitor.category_value(spec, column, alias) ~ ", '__missing__')") -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(parts | join(" || ' x ' || ")) -}}
{% endmacro %}


{% macro parsed_columns(spec) %}
    {%- for alias in ml_monitor.segment_sources(spec) %}
        {{ alias }},
    {%- endfor %}
    {%- for variable in spec.variables %}
        {%- if variable.type == 'numeric' %}
        raw_{{ loop.index }},
        case when raw_{{ loop.index }} is not null then 1 end as present_{{ loop.index }},
        {{ ml_monitor.score_value('raw_' ~ loop.index, spec) if variable.name.startswith('__score__') else ml_monitor.finite(ml_monitor.to_number('raw_' ~ loop.index)) }} as x{{ loop.index }}{{ ',' if not loop.last }}
        {%- else %}
        {{ ml_monitor.category_value(spec if not variable.name.startswith('__') else {'privacy': {}}, variable.column, 'raw_' ~ loop.index) }} as c{{ loop.index }}{{ ',' if not loop.last }}
        {%- endif %}
    {%- endfor %}
{% endmacro %}


{% macro grouping_keys(keys, segments, extra=[]) %}
    {#- `group by` for the whole and for each segment column, in one pass. -#}
    {%- if not segments and not extra -%}
    {{ 'group by ' ~ keys | join(', ') if keys }}
    {%- else -%}
    group by grouping sets (
        {%- for column in extra or [none] %}
        ({{ (keys + ([column] if column else [])) | join(', ') }}){{ ',' if segments }}
            {%- for segment in segments %}
        ({{ (keys + ['segment_' ~ loop.index] + ([column] if column else [])) | join(', ') }}){{ ',' if not loop.last }}
            {%- endfor -%}
        {{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- endif -%}
{% endmacro %}


{% macro segment_columns(segments) %}
    {%- if segments %}
        case
            {%- for segment in segments %}
            when grouping(segment_{{ loop.index }}) = 0 then {{ ml_monitor.literal(segment) }}
            {%- endfor %}
            else '__all__'
        end as segment,
        coalesce({% for segment in segments %}segment_{{ loop.index }}, {% endfor %}'__all__') as segment_value
    {%- else %}
        '__all__' as segment,
        '__all__' as segment_value
    {%- endif %}
{% endmacro %}
