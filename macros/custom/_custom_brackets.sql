{% macro _open_aggregate(state, name) %}
    {% if state.aggregate %}
        {% do ml_monitor._config_error(state.monitor, state.key, name ~ '() stands inside ' ~ state.aggregate ~ '(): an aggregate of an aggregate') %}
    {% endif %}
    {% set state.aggregate = name %}
    {% set state.level = state.open | length %}
    {% set state.argument = [] %}
{% endmacro %}


{% macro _open_bracket(state, word) %}
    {#- The bracket of the aggregate itself is not part of what it aggregates. -#}
    {% if not (state.aggregate and state.open | length == state.level) %}
        {% do ml_monitor._custom_write(state, word) %}
    {% endif %}
    {% do state.open.append(word) %}
{% endmacro %}


{% macro _close_bracket(state, word) %}
    {% if state.divisors and state.divisors[-1] == state.open | length %}
        {% do ml_monitor._config_error(state.monitor, state.key, 'a division has no divisor') %}
    {% endif %}
    {% set opened = state.open.pop() if state.open else none %}
    {% if opened != {')': '(', 'end': 'case'}[word] %}
        {% do ml_monitor._config_error(state.monitor, state.key, word ~ ' closes ' ~ (opened or 'nothing')) %}
    {% elif state.aggregate and state.open | length == state.level %}
        {% do ml_monitor._close_aggregate(state) %}
    {% else %}
        {% do ml_monitor._custom_write(state, word) %}
    {% endif %}
{% endmacro %}


{% macro _close_aggregate(state) %}
    {#- Windows are merged by adding sums and counts and by the least and the largest; a mean is a sum and a count. -#}
    {% set name, argument = state.aggregate, state.argument | join(' ') %}
    {% set state.aggregate = none %}
    {% if not argument or (argument == '*' and name != 'count') %}
        {% do ml_monitor._config_error(state.monitor, state.key, name ~ '(' ~ argument ~ ') aggregates no column; only count(*) counts rows') %}
    {% endif %}
    {% for function in ['sum', 'count'] if name == 'avg' %}
        {% do state.parts.append({'function': function, 'argument': argument, 'merge': 'sum'}) %}
    {% else %}
        {% do state.parts.append({'function': name, 'argument': '1' if argument == '*' else argument, 'merge': 'sum' if name == 'count' else name}) %}
    {% endfor %}
    {% set last = state.parts | length %}
    {% set mean = '(part_' ~ (last - 1) ~ ' / nullif(part_' ~ last ~ ', 0))' %}
    {% do state.value.append(mean if name == 'avg' else 'part_' ~ last) %}
{% endmacro %}
