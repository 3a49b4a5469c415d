{% macro _custom_column(state, tokens, i) %}
    {#- Alias of a column, which is noted with its type. -#}
    {% set name = tokens[i][1:-1] | replace('""', '"') if tokens[i][0] == '"' else tokens[i] %}
    {% if not state.aggregate %}
        {% do ml_monitor._config_error(state.monitor, state.key, 'column ' ~ tokens[i] ~ ' stands outside an aggregate', ml_monitor.custom_words().aggregates) %}
    {% endif %}
    {% if name == state.label %}
        {% set state.needs_label = true %}
        {{ return('label') }}
    {% endif %}
    {% do state.columns.setdefault(name, ml_monitor._custom_column_type(tokens, i)) %}
    {{ return('x' ~ ((state.columns.keys() | list).index(name) + 1)) }}
{% endmacro %}


{% macro _custom_column_type(tokens, i) %}
    {#- The type that the first use of a column asks for: of the NULL that stands in its place once the log has lost it. -#}
    {% set around = tokens[[i - 2, 0] | max:i] | join(' ') | lower ~ ' @ ' ~ tokens[i + 1:i + 4] | join(' ') | lower %}
    {% set compared = '(=|<>|!=|<|<=|>|>=)' %}
    {% if modules.re.search("(' " ~ compared ~ "|like|(lower|upper|trim|length) \\() @|@ (not )?(like|in \\( '|, '|" ~ compared ~ " ')", around) %}
        {{ return(dbt.type_string()) }}
    {% elif modules.re.search('(when|and|or|not) @ (then|and|or|is|\\))', around) %}
        {{ return('boolean') }}
    {% endif %}
    {{ return(ml_monitor.type_double()) }}
{% endmacro %}
