{% macro service_columns(spec) %}
    {#- Columns of the prediction log that `service` names, each with the type of the NULL that stands in for a lost one. -#}
    {% set types = {'latency_ms': ml_monitor.type_double(), 'error': dbt.type_string(), 'timeout': dbt.type_string(), 'status': dbt.type_string()} %}
    {% set columns = {} %}
    {% for role, type in types.items() if spec.service and spec.service.get(role) %}
        {% do columns.setdefault(spec.service[role], type) %}
    {% endfor %}
    {{ return(columns) }}
{% endmacro %}


{% macro service_values(spec) %}
    {#- Series of the prediction log -> its value of a row, over the aliases of `custom_rows()`; NULL where the log says nothing. -#}
    {% set aliases = {} %}
    {% for column in ml_monitor.service_columns(spec) %}
        {% do aliases.update({column: 'x' ~ loop.index}) %}
    {% endfor %}
    {% set values = {} %}
    {% if spec.service.get('latency_ms') %}
        {% set latency = ml_monitor.finite(ml_monitor.to_number(aliases[spec.service.latency_ms])) %}
        {% do values.update({'latency': 'case when ' ~ ml_monitor.to_number(aliases[spec.service.latency_ms]) ~ ' >= 0 then ' ~ latency ~ ' end'}) %}
    {% endif %}
    {% for flag in ['error', 'timeout'] if spec.service.get(flag) %}
        {% do values.update({flag: ml_monitor.binary_class(aliases[spec.service[flag]], none)}) %}
    {% endfor %}
    {% if spec.service.get('status') %}
        {% set status = ml_monitor.to_number(aliases[spec.service.status]) %}
        {% for flag, condition in {'error': status ~ ' >= 500', 'timeout': status ~ ' in (408, 504)'}.items() %}
            {% do values.update({flag: 'case when ' ~ condition ~ ' then 1e0 when ' ~ status ~ ' is not null then 0e0 end'}) %}
        {% endfor %}
    {% endif %}
    {{ return(values) }}
{% endmacro %}


{% macro operational_metrics(spec) %}
    {#- Metrics over the operational log that a monitor declares, with what identifies each definition. -#}
    {% set metrics = [] %}
    {% for metric, declared in ((spec.service or {}).get('operational') or {}).items() %}
        {% set meaning = ['operational', metric, declared.measure, declared.get('service'), spec.window, spec.timezone] %}
        {% do metrics.append({
            'metric': metric, 'measure': declared.measure, 'service': declared.get('service'), 'statistic': declared.get('statistic', 'mean'),
            'breaches': {'up': 'above', 'down': 'below', 'both': 'both'}[declared.get('direction', 'up')], 'metric_id': local_md5(tojson(meaning)),
        }) %}
    {% endfor %}
    {{ return(metrics) }}
{% endmacro %}


{% macro operational_catalogue(spec) %}
    {#- The same as entries of the metric catalogue. -#}
    {% set entries = [] %}
    {% for metric in ml_monitor.operational_metrics(spec) %}
        {% set formula = metric.statistic ~ ' of ' ~ metric.measure ~ (' of ' ~ metric.service if metric.service) ~ ' in the operational log' %}
        {% do entries.append(ml_monitor._metric(metric.metric, 'operational', 'custom', metric.breaches, formula)) %}
    {% endfor %}
    {{ return(entries) }}
{% endmacro %}


{% macro service_id(spec) %}
    {#- Whatever changes what is counted of the prediction log: its windows are then counted again. -#}
    {% set roles = ['latency_ms', 'error', 'timeout', 'status'] %}
    {% set columns = [] %}
    {% for role in roles %}
        {% do columns.append(spec.service.get(role)) %}
    {% endfor %}
    {{ return(local_md5(tojson([spec.predictions, spec.segment_columns, columns], sort_keys=true))) }}
{% endmacro %}


{% macro measures_service(spec, metric) %}
    {#- Whether the log of a monitor has what a service metric is computed from. -#}
    {% set columns = {'latency': ['latency_ms'], 'error': ['error', 'status'], 'timeout': ['timeout', 'status']}[metric.split('_')[0]] %}
    {{ return(columns | select('in', spec.service or {}) | list | length > 0) }}
{% endmacro %}


{% macro service_span_bins() %}
    {#- The counts of every bin merged over each span of each stale window, per version and pooled. -#}
    {%- set keys = 'stale_windows.monitor, stale_windows.window_number, spans.span, profiles.segment, profiles.segment_value, profiles.series, profiles.bin' -%}
    select
        {{ keys }},
        coalesce(profiles.model_version, '__all__') as model_version,
        sum(profiles.n) as n,
        sum(profiles.total) as total,
        min(profiles.lowest) as lowest,
        max(profiles.highest) as highest
    from stale_windows
    inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
    inner join profiles
        on profiles.monitor = stale_windows.monitor
        and profiles.window_number > stale_windows.window_number - spans.span
        and profiles.window_number <= stale_windows.window_number
    group by grouping sets (({{ keys }}), ({{ keys }}, profiles.model_version))
{% endmacro %}


{% macro bin_quantile(share, end=none) %}
    {#- The value at a rank, straight between the least and the largest of its bin; with `end`, '-' or '+', at the rank where the 95 %
        interval of the quantile ends. Over `ranked`: n of the bin, `upto` it, `n_all`. -#}
    {%- set rank = share ~ 'e0 * n_all' -%}
    {%- if end == '-' -%}
        {%- set rank = '(case when ' ~ rank ~ ' - 1.96e0 * sqrt(n_all * ' ~ share * (1 - share) ~ 'e0) < 0.5e0 then 0.5e0 else ' ~ rank ~ ' - 1.96e0 * sqrt(n_all * ' ~ share * (1 - share) ~ 'e0) end)' -%}
    {%- elif end == '+' -%}
        {%- set rank = '(case when ' ~ rank ~ ' + 1.96e0 * sqrt(n_all * ' ~ share * (1 - share) ~ 'e0) > n_all then 1e0 * n_all else ' ~ rank ~ ' + 1.96e0 * sqrt(n_all * ' ~ share * (1 - share) ~ 'e0) end)' -%}
    {%- endif -%}
    max(case when {{ rank }} > upto - n and {{ rank }} <= upto then lowest + (highest - lowest) * ({{ rank }} - upto + n) / n end)
{%- endmacro %}


{% macro service_estimates() %}
    {#- The metrics of every monitor, each with its interval. -#}
    {%- set keys = 'monitor, window_number, span, model_version, segment, segment_value' -%}
    {%- set statistics = {'mean': 'mean_value', 'min': 'lowest', 'max': 'highest', 'p50': 'p50', 'p95': 'p95', 'p99': 'p99'} -%}
    {%- for share in ['p50', 'p95', 'p99'] %}
    select {{ keys }}, 'latency_{{ share }}' as metric, 'service' as family, n_all as sample_size,
        {{ share }} as metric_value, {{ share }}_lower as lower_bound, {{ share }}_upper as upper_bound
    from summed
    where series = 'latency'
    union all
    {%- endfor %}
    {%- for flag in ['error', 'timeout'] %}
    select {{ keys }}, '{{ flag }}_share', 'service', n_all, mean_value,
        {{ ml_monitor.wilson_bound('total', 'n_all', '-') }}, {{ ml_monitor.wilson_bound('total', 'n_all', '+') }}
    from summed
    where series = '{{ flag }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- for spec in ml_monitor.monitors() if spec.service %}
        {%- for metric in ml_monitor.operational_metrics(spec) %}
    union all
    select {{ keys }}, '{{ metric.metric }}', 'operational', n_all, {{ statistics[metric.statistic] }}, null, null
    from summed
    where monitor = {{ ml_monitor.literal(spec.name) }} and series = '{{ metric.metric }}'
        {%- endfor %}
    {%- endfor %}
{% endmacro %}
