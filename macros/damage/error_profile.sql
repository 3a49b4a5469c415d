{% macro error_profile(name) %}
    {#- Body of <monitor>__error_profile: how wrong the model is in each frozen bin of each feature, on the older and on the newer half of the newest
        labelled windows. Rows are counted apart by what they cost (an outcome, a size of the error), so that the counts of the feature profile serve
        here too. -#}
    {%- set spec = ml_monitor.monitor(name) -%}
    {{ config(materialized='table', tags=['ml_monitor_profile'], sql_header=ml_monitor.sql_header(), meta={'ml_monitor': spec}) }}
    {%- set own = dict(spec, segments=[], segment_columns={}) -%}
    with

    {{ ml_monitor.feedback_rows(spec, ml_monitor.monitor_relation(spec.feedback)) }},

    {{ ml_monitor.erring_bins(spec, own) }},

    {{ ml_monitor.erring_rows(spec, own) }},

    wide as (
        {{ ml_monitor.wide_counts(own, 'log_rows', 'edges', ['half', 'error_group']) }}
    ),

    counts as (
        {{ ml_monitor.tall_counts(own, 'wide', 'log_rows', 'bins', ['half', 'error_group']) }}
    ),

    final as (
        select
            {{ ml_monitor.literal(name) }} as monitor,
            counts.half,
            counts.feature,
            counts.bin,
            min(labels_of_bins.bin_label) as bin_label,
            cast(sum(counts.n) as {{ ml_monitor.type_double() }}) as n,
            {%- for sum in ['error', 'squared_error', 'cost', 'squared_cost'] %}
            cast(sum(counts.n * error_groups.{{ sum }}) as {{ ml_monitor.type_double() }}) as {{ sum }}_sum{{ ',' if not loop.last }}
            {%- endfor %}
        from counts
        inner join error_groups on error_groups.half = counts.half and error_groups.error_group = counts.error_group
        left join labels_of_bins on labels_of_bins.feature = counts.feature and labels_of_bins.bin = counts.bin
        where counts.bin <> {{ ml_monitor.bin_codes().total }}
        group by counts.half, counts.feature, counts.bin
    )

    select * from final
{% endmacro %}


{% macro erring_bins(spec, own) %}
    {#- CTEs `bins`, the frozen bins, `labels_of_bins`, their names, and `edges`, one wide row of them. -#}
    bins as (
        select feature, feature_type, bin, bin_kind, lower_bound, upper_bound, category, centre, value_min, value_max
        from {{ ref(spec.name ~ '__reference') }}
        where edge_set_id = '{{ spec.edge_set_id }}' and segment = '__all__' and bin <> {{ ml_monitor.bin_codes().frequent_value }}
    ),

    {#- Rare categories share a bin and keep a row each. #}
    labels_of_bins as (
        select feature, bin, min({{ ml_monitor.bin_label('bins') }}) as bin_label from bins group by feature, bin
    ),

    edges as (
        {{ ml_monitor.bin_edges(own, 'bins') }}
    )
{% endmacro %}


{% macro erring_rows(spec, own) %}
    {#- CTEs `log_rows`, the labelled rows of the newest windows with their error, and `error_groups`, what a row of each group has on average. -#}
    {%- set windows = spec.error_profile.windows if spec.error_profile is mapping else 28 -%}
    {%- set now = ml_monitor.window_start_of(ml_monitor.monitoring_now(), spec.window, spec.timezone) -%}
    log as {{ ml_monitor.inline_cte() }} (
        {{ ml_monitor.log_rows(ml_monitor.monitor_relation(spec.predictions), {
            'prediction_id': spec.prediction_id, 'predicted_at': spec.predicted_at, 'raw_outcome': spec.prediction,
        }, ml_monitor.optional_columns(own)) }}
    ),

    predictions as (
        select log.*, {{ ml_monitor.outcome_value('log.raw_outcome', spec) }} as prediction
        from log
        where log.predicted_at < {{ ml_monitor.monitoring_now() }}
            and log.predicted_at >= {{ ml_monitor.add_windows(-(windows + spec.label_delay), now, spec.window, spec.timezone) }}
    ),

    {{ ml_monitor.latest_labels() }},

    labelled_rows as (
        select predictions.*, labels.label
        from predictions
        inner join labels on labels.prediction_id = predictions.prediction_id
        where labels.label is not null
    ),

    log_rows as (
        select
            {{- ml_monitor.parsed_columns(own) }},
            case when predicted_at < {{ ml_monitor.add_windows(-(windows // 2 + spec.label_delay), now, spec.window, spec.timezone) }} then 'older' else 'newer' end as half,
            {{ ml_monitor.error_group(spec) }} as error_group,
            cast({{ ml_monitor.row_error(spec) }} as {{ ml_monitor.type_double() }}) as error,
            cast({{ ml_monitor.row_cost(spec) }} as {{ ml_monitor.type_double() }}) as cost
        from labelled_rows
        where prediction is not null
    ),

    error_groups as (
        select half, error_group, avg(error) as error, avg(error * error) as squared_error, avg(cost) as cost, avg(cost * cost) as squared_cost
        from log_rows
        group by half, error_group
    )
{% endmacro %}


{% macro row_error(spec) -%}
    {{ 'abs(prediction - label)' if spec.task == 'regression' else 'case when prediction = label then 0 else 1 end' }}
{%- endmacro %}


{% macro row_cost(spec) -%}
    {%- if spec.costs -%}
    case when prediction = 1 and label = 1 then {{ spec.costs.tp or 0 }} when prediction = 1 then {{ spec.costs.fp or 0 }} when label = 1 then {{ spec.costs.fn or 0 }} else {{ spec.costs.tn or 0 }} end
    {%- else -%}
    null
    {%- endif -%}
{%- endmacro %}


{% macro error_group(spec) -%}
    {#- Rows of one group have the same error: exactly of a classifier, within 10 % of a regression, whose groups keep their own mean. -#}
    {%- if spec.task == 'regression' -%}
    {{ ml_monitor.error_bin('(prediction - label)') }}
    {%- elif spec.task == 'binary' -%}
    cast(2 * prediction + label as integer)
    {%- else -%}
    case when prediction = label then 1 else 0 end
    {%- endif -%}
{%- endmacro %}


{% macro _validate_error_profile(name, spec) %}
    {%- set declared = spec.error_profile -%}
    {% if declared is not sameas false and declared is not sameas true and not (declared is mapping and declared.keys() | list == ['windows']) %}
        {% do ml_monitor._config_error(name, 'error_profile', tojson(declared) ~ ' is not a choice', ['true', 'false', '{windows: 28}']) %}
    {% endif %}
    {% if declared is mapping %}
        {% do ml_monitor._validate_whole_number(name, 'error_profile.windows', declared.windows, 2) %}
    {% endif %}
    {% if declared and not spec.feedback %}
        {% do ml_monitor._config_error(name, 'error_profile', 'needs labels: declare feedback') %}
    {% endif %}
    {% if declared and spec.task == 'ranking' %}
        {% do ml_monitor._config_error(name, 'error_profile', 'needs task binary, multiclass or regression') %}
    {% endif %}
{% endmacro %}
