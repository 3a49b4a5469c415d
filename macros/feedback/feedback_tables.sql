{#- Feedback that lies in a table already: rows of any relation that `ml_monitor__feedback_tables` names become events, by dbt, each once. -#}

{% macro feedback_tables() %}
    {#- The declared tables, validated, with their defaults. -#}
    {%- set tables = {} -%}
    {%- for name, declared in var('ml_monitor__feedback_tables', {}).items() -%}
        {%- do ml_monitor._validate_feedback_table(name, declared) -%}
        {%- set ids = [declared.id] if declared.id is string else declared.id -%}
        {%- do tables.update({name: dict({'fixed': {}, 'loaded_at': none, 'lookback_days': 3}, **dict(declared, id=ids))}) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{% macro feedback_table_rows(name, table, columns) %}
    {#- The rows of one table as events, valid or not: `refusal` says what is wrong with a row, or is null. -#}
    {%- set types = ml_monitor.ledger_types() -%}
    {%- set own = {
        'feedback_id': ml_monitor.table_event_id(name, table),
        'source': ml_monitor.literal(table.source),
        'client': ml_monitor.literal('table_' ~ name),
        'received_at': ml_monitor.identifier(table.loaded_at) if table.loaded_at else ml_monitor.monitoring_now(),
        'loaded_at': ml_monitor.monitoring_now(),
    } -%}
    {%- set declared = {} -%}
    {%- for field, column in table.columns.items() -%}{%- do declared.update({field: ml_monitor.identifier(column)}) -%}{%- endfor -%}
    {%- for field, value in table.fixed.items() -%}{%- do declared.update({field: ml_monitor.literal(value)}) -%}{%- endfor -%}
    {%- if 'occurred_at' not in declared -%}{%- do declared.update({'occurred_at': own.received_at}) -%}{%- endif -%}
    select
        said.*,
        {{ ml_monitor.event_refusal('said') }} as refusal,
        row_number() over (partition by said.feedback_id order by said.occurred_at desc, said.received_at desc) as recency
    from (
        select
            {%- for column, type in columns.items() %}
            cast({{ own.get(column) or declared.get(column) or 'null' }} as {{ types[type] }}) as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ ml_monitor.monitor_relation(table.relation) }}
    ) as said
{% endmacro %}


{% macro table_event_id(name, table) %}
    {#- The same for the same row; with `loaded_at`, another one when the row was changed. -#}
    {%- set string = dbt.type_string() -%}
    {%- set parts = [] -%}
    {%- for column in table.id + ([table.loaded_at] if table.loaded_at else []) -%}
        {%- set text = 'cast(' ~ ml_monitor.identifier(column) ~ ' as ' ~ string ~ ')' -%}
        {%- do parts.append('cast(length(' ~ text ~ ') as ' ~ string ~ ')') -%}
        {%- do parts.extend(["':'", text]) -%}
    {%- endfor -%}
    {{ return(dbt.concat([ml_monitor.literal('table:' ~ name ~ ':'), ml_monitor.md5(dbt.concat(parts))])) }}
{% endmacro %}


{% macro event_refusal(row) %}
    {#- What the API would say about an event: NULL if it is taken. -#}
    case
        when {{ row }}.feedback_id is null then 'a column of id is empty'
        when {{ row }}.received_at is null or {{ row }}.occurred_at is null then 'no time'
        when {{ row }}.monitor is null or {{ row }}.monitor not in ({{ ml_monitor.monitor_names() | map('tojson') | map('replace', '"', "'") | join(', ') }}) then 'no monitor of that name'
        when {{ row }}.kind is null or {{ row }}.kind not in ('rating', 'thumb', 'approval', 'correction', 'requery', 'click', 'dwell', 'abandonment', 'complaint') then 'no kind of that name'
        when {{ row }}.prediction_id is null and ({{ row }}.request_id is null or {{ row }}.kind in ('approval', 'correction')) then 'it is about no prediction'
        when {{ row }}.kind = 'correction' and {{ row }}.label is null then 'a correction without a label'
        when {{ row }}.kind in ('rating', 'thumb', 'dwell') and {{ row }}.value is null then 'no value'
        when {{ row }}.kind = 'rating' and ({{ row }}.value < 0 or {{ row }}.value > 100) then 'a rating outside of 0 to 100'
        when {{ row }}.kind = 'thumb' and {{ row }}.value not in (0, 1) then 'a thumb that is neither 1 nor 0'
        when {{ row }}.kind = 'dwell' and ({{ row }}.value < 0 or {{ row }}.value > 31536000) then 'a dwell outside of 0 to a year'
    end
{%- endmacro %}


{% macro events_of_feedback_tables(columns) %}
    {#- What the tables say that is not in the ledger yet. `loaded_at` is the bookmark: with it only rows behind the last one are looked at. -#}
    {%- for name, table in ml_monitor.feedback_tables().items() %}
    union all
    select
        {%- for column in columns %}
        events.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ({{ ml_monitor.feedback_table_rows(name, table, columns) }}) as events
    {%- if is_incremental() %}
    left join {{ this }} as known on known.feedback_id = events.feedback_id
    {%- endif %}
    where events.refusal is null and events.recency = 1
        {%- if is_incremental() %}
        and known.feedback_id is null
        {%- if table.loaded_at %}
        and events.received_at >= (
            select coalesce({{ ml_monitor.add_units('day', -table.lookback_days, 'max(received_at)') }}, cast('1900-01-01' as timestamp))
            from {{ this }}
            where client = {{ ml_monitor.literal('table_' ~ name) }}
        )
        {%- endif %}
        {%- endif %}
    {%- endfor %}
{% endmacro %}


{% macro refused_feedback(name) %}
    {#- Query for a test: the rows of a declared table that became no event, and why. -#}
    {%- set columns = {'feedback_id': 'text', 'monitor': 'text', 'prediction_id': 'text', 'request_id': 'text', 'kind': 'text', 'value': 'double', 'label': 'text', 'occurred_at': 'timestamp', 'received_at': 'timestamp'} -%}
    {%- set tables = ml_monitor.feedback_tables() -%}
    {%- if name not in tables -%}
        {%- do exceptions.raise_compiler_error("ml_monitor: no feedback table '" ~ name ~ "'. Known: " ~ tables.keys() | join(', ') ~ '.') -%}
    {%- endif -%}
    select * from ({{ ml_monitor.feedback_table_rows(name, tables[name], columns) }}) as events where refusal is not null
{% endmacro %}


{% macro _validate_feedback_table(name, declared) %}
    {%- set fields = ['monitor', 'prediction_id', 'request_id', 'model_version', 'kind', 'value', 'label', 'comment', 'reviewer', 'occurred_at', 'payload', 'supersedes_feedback_id'] -%}
    {%- set keys = ['relation', 'id', 'source', 'columns', 'fixed', 'loaded_at', 'lookback_days'] -%}
    {%- if not modules.re.match('^[a-z][a-z0-9_]{0,59}$', name) or declared is not mapping -%}
        {%- do ml_monitor._feedback_table_error(name, 'name', 'must be lower case letters, digits and underscores, with a mapping') -%}
    {%- endif -%}
    {%- for key in declared if key not in keys -%}
        {%- do ml_monitor._feedback_table_error(name, key, 'is not a known key', keys) -%}
    {%- endfor -%}
    {%- for key in ['relation', 'id', 'source', 'columns'] if not declared.get(key) -%}
        {%- do ml_monitor._feedback_table_error(name, key, 'is required') -%}
    {%- endfor -%}
    {%- for key in ['columns', 'fixed'] -%}
        {%- if declared.get(key, {}) is not mapping -%}{%- do ml_monitor._feedback_table_error(name, key, 'must map fields of an event', fields) -%}{%- endif -%}
        {%- for field in declared.get(key, {}) if field not in fields -%}
            {%- do ml_monitor._feedback_table_error(name, key ~ '.' ~ field, 'is no field of an event', fields) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for field in ['monitor', 'kind'] if field not in declared.columns and field not in declared.get('fixed', {}) -%}
        {%- do ml_monitor._feedback_table_error(name, field, 'is neither in columns nor in fixed') -%}
    {%- endfor -%}
    {%- set days = declared.get('lookback_days', 3) -%}
    {%- if days is not integer or days is boolean or days < 0 -%}
        {%- do ml_monitor._feedback_table_error(name, 'lookback_days', tojson(days) ~ ' is not a whole number from 0') -%}
    {%- endif -%}
{% endmacro %}


{% macro _feedback_table_error(name, key, problem, allowed=none) %}
    {%- set hint = ' Allowed: ' ~ allowed | join(', ') ~ '.' if allowed is not none else '' -%}
    {{ exceptions.raise_compiler_error("ml_monitor: feedback table '" ~ name ~ "', key '" ~ key ~ "': " ~ problem ~ "." ~ hint) }}
{% endmacro %}
