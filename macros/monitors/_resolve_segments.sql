{% macro _resolve_segments(declared, minimum_cell=0) %}
    {#- Each segment under its name (a column, or crossed columns joined by ` x `): the columns it is made of, and how many of its values
        are kept apart. -#}
    {% set columns, limits = {}, {} %}
    {% for segment in declared %}
        {% set options = segment if segment is mapping else {} %}
        {% set crossed = ml_monitor._segment_parts(segment) %}
        {% do columns.update({crossed | join(' x '): crossed}) %}
        {% do limits.update({crossed | join(' x '): {'top': options.get('top', 50), 'min_rows': [options.get('min_rows', 0), minimum_cell] | max}}) %}
    {% endfor %}
    {{ return({'segments': columns.keys() | list, 'segment_columns': columns, 'segment_limits': limits}) }}
{% endmacro %}


{% macro _segment_parts(segment) %}
    {#- The columns of a declared segment: a column, a list of them, or a mapping with one or the other. -#}
    {% set parts = (segment.get('column') or segment.get('columns')) if segment is mapping else segment %}
    {{ return([parts] if parts is string else parts) }}
{% endmacro %}


{% macro _validate_segments(name, segments) %}
    {% if segments is string or segments is mapping or segments is not iterable %}
        {% do ml_monitor._config_error(name, 'segments', 'must be a list of columns, such as [origin], or crosses of columns, such as [[origin, carrier]]') %}
    {% endif %}
    {% set names = [] %}
    {% for segment in segments %}
        {% if segment is mapping %}
            {% do ml_monitor._validate_segment_options(name, segment) %}
        {% endif %}
        {% set parts = ml_monitor._segment_parts(segment) %}
        {% set is_column = segment is string or (segment is mapping and segment.column is defined) %}
        {% if parts is mapping or parts is not iterable or parts | reject('string') | list or parts | length < (1 if is_column else 2) %}
            {% do ml_monitor._config_error(name, 'segments', tojson(segment) ~ ' is neither a column nor a list of two or more columns to cross') %}
        {% elif parts | join(' x ') in names %}
            {% do ml_monitor._config_error(name, 'segments', parts | join(' x ') ~ ' is declared twice') %}
        {% endif %}
        {% do names.append(parts | join(' x ')) %}
    {% endfor %}
{% endmacro %}


{% macro _validate_segment_options(name, segment) %}
    {% for option in segment %}
        {% do ml_monitor._validate_choice(name, 'segments', option, ['column', 'columns', 'top', 'min_rows']) %}
    {% endfor %}
    {% if (segment.column is defined) == (segment.columns is defined) %}
        {% do ml_monitor._config_error(name, 'segments', tojson(segment) ~ ' needs either column or columns') %}
    {% endif %}
    {% do ml_monitor._validate_whole_number(name, 'segments.top', segment.get('top', 50), 1, 1000) %}
    {% do ml_monitor._validate_whole_number(name, 'segments.min_rows', segment.get('min_rows', 0), 0) %}
{% endmacro %}
