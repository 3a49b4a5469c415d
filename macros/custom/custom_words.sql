{% macro custom_words() %}
    {#- The whole language of custom metrics. Every function has a result for every value, so that one odd row is no failed run; the
        aggregates can be merged, so that spans follow from windows. A column named like a refused word can be quoted. -#}
    {{ return({
        'aggregates': ['sum', 'count', 'min', 'max', 'avg'],
        'functions': ['abs', 'coalesce', 'nullif', 'greatest', 'least', 'round', 'floor', 'ceil', 'lower', 'upper', 'trim', 'length'],
        'keywords': ['case', 'when', 'then', 'else', 'end', 'and', 'or', 'not', 'is', 'null', 'in', 'between', 'like', 'true', 'false'],
        'symbols': ['+', '-', '*', '/', '=', '<>', '!=', '<', '<=', '>', '>=', '(', ')', ','],
        'refused': [
            'all', 'alter', 'any', 'as', 'attach', 'by', 'call', 'cast', 'copy', 'create', 'cross', 'current_date', 'current_time', 'current_timestamp', 'delete',
            'distinct', 'drop', 'except', 'execute', 'exists', 'filter', 'from', 'grant', 'group', 'having', 'insert', 'intersect', 'interval', 'into', 'join',
            'limit', 'localtime', 'localtimestamp', 'merge', 'order', 'over', 'pragma', 'select', 'set', 'some', 'table', 'truncate', 'union', 'update', 'using',
            'values', 'where', 'window', 'with', 'within',
        ],
    }) }}
{% endmacro %}


{% macro custom_tokens(sql) %}
    {#- Words, quoted names, texts, numbers, symbols; anything else is a token that nothing allows. -#}
    {%- set text, name, number, word = "'(?:[^'\\\\]|'')*'", '"(?:[^"]|"")+"', '[0-9]+(?:\\.[0-9]*)?(?:[eE][+-]?[0-9]+)?', '[^\\W\\d]\\w*' -%}
    {{ return(modules.re.findall([text, name, number, word, '--|/\\*|<>|<=|>=|!=', '\\S'] | join('|'), sql)) }}
{% endmacro %}
