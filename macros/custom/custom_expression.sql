{% macro custom_expression(monitor, metric, sql, label, columns) %}
    {#- A custom metric taken apart: `parts`, its aggregates, and `value`, the expression over them merged. Its SQL is written anew from known
        words, generated aliases and escaped texts: nothing else of a configuration can get into a statement. `columns` grows. -#}
    {% set key = 'metrics.' ~ metric ~ '.sql' %}
    {% if sql is not string %}
        {% do ml_monitor._config_error(monitor, key, 'must be a SQL expression as text, such as "sum(amount) / count(*)"') %}
    {% endif %}
    {% set state = namespace(monitor=monitor, key=key, label=label, columns=columns, needs_label=false, parts=[], value=[],
        open=[], divisors=[], aggregate=none, level=0, argument=[]) %}
    {% set tokens = ml_monitor.custom_tokens(sql) %}
    {% for token in tokens %}
        {% do ml_monitor._custom_token(state, tokens, loop.index0) %}
    {% endfor %}
    {% if state.open %}
        {% do ml_monitor._config_error(monitor, key, state.open[-1] ~ ' is not closed') %}
    {% elif state.divisors %}
        {% do ml_monitor._config_error(monitor, key, 'a division has no divisor') %}
    {% elif not state.parts %}
        {% do ml_monitor._config_error(monitor, key, 'has no aggregate', ml_monitor.custom_words().aggregates) %}
    {% endif %}
    {{ return({'parts': state.parts, 'value': state.value | join(' '), 'needs_label': state.needs_label}) }}
{% endmacro %}


{% macro _custom_token(state, tokens, i) %}
    {% set words, token, word = ml_monitor.custom_words(), tokens[i], tokens[i] | lower %}
    {% set is_word = modules.re.match('[^\\W\\d]', token) is not none %}
    {% set is_call = is_word and tokens[i + 1:i + 2] == ['('] and word not in words.keywords %}
    {% if word in words.refused or (is_call and word not in words.aggregates + words.functions) %}
        {% do ml_monitor._config_error(state.monitor, state.key, token ~ ' is not allowed', words.aggregates + words.functions + words.keywords) %}
    {% elif is_call and word in words.aggregates %}
        {% do ml_monitor._open_aggregate(state, word) %}
    {% elif word in ['(', 'case'] %}
        {% do ml_monitor._open_bracket(state, word) %}
    {% elif word in [')', 'end'] %}
        {% do ml_monitor._close_bracket(state, word) %}
    {% elif word == '/' %}
        {#- A quotient is a real number, and NULL where the divisor is 0: warehouses truncate it, or fail. -#}
        {% do ml_monitor._custom_write(state, '/ cast(nullif(') %}
        {% do state.divisors.append(state.open | length) %}
    {% elif word == ',' and not state.open %}
        {% do ml_monitor._config_error(state.monitor, state.key, 'must be one expression: there is a comma outside brackets') %}
    {% elif is_call or word in words.keywords + words.symbols or modules.re.match('[0-9]', token) %}
        {% do ml_monitor._custom_write(state, word) %}
    {% elif token[0] == "'" and token | length > 1 %}
        {% do ml_monitor._custom_write(state, ml_monitor.literal(token[1:-1] | replace("''", "'"))) %}
    {% elif is_word or (token[0] == '"' and token | length > 1) %}
        {% do ml_monitor._custom_write(state, ml_monitor._custom_column(state, tokens, i)) %}
    {% else %}
        {% do ml_monitor._config_error(state.monitor, state.key, token ~ ' is not allowed', words.symbols) %}
    {% endif %}
    {% if state.divisors and state.divisors[-1] == state.open | length and word not in ['/', '+', '-'] and not is_call %}
        {% do state.divisors.pop() %}
        {% do ml_monitor._custom_write(state, ', 0) as ' ~ ml_monitor.type_double() ~ ')') %}
    {% endif %}
{% endmacro %}


{% macro _custom_write(state, text) %}
    {% do (state.argument if state.aggregate else state.value).append(text) %}
{% endmacro %}
