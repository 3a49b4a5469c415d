{% macro exact_drift(name, features=none, since=none, windows=none) %}
    {#- Body of a table of one's own: exact two-sample distances from raw rows, per numeric feature and closed window. It reads rows, so it
        costs what it reads, when it is run: `since` and `windows` (the last so many) say how much. -#}
    {%- set full = ml_monitor.monitor(name) -%}
    {%- set numeric = full.variables | selectattr('type', 'equalto', 'numeric') | map(attribute='name') | list -%}
    {%- for feature in features or [] if feature not in numeric -%}
        {%- do ml_monitor._config_error(name, 'exact_drift.features', tojson(feature) ~ ' is not a numeric feature', numeric) -%}
    {%- endfor -%}
    {%- if windows is not none -%}
        {%- do ml_monitor._validate_whole_number(name, 'exact_drift.windows', windows, 1) -%}
    {%- endif -%}
    {%- if not (features or numeric) -%}
        {%- do ml_monitor._config_error(name, 'exact_drift.features', 'there is no numeric feature') -%}
    {%- endif -%}
    {{ config(materialized='table', sql_header=ml_monitor.sql_header(), meta={'ml_monitor': full}) }}
    {%- set spec = dict(full, variables=ml_monitor.chosen_variables(full, features or numeric), segments=[], segment_columns={}) -%}
    with

    {{ ml_monitor.exact_windows(spec, since, windows) }},

    {{ ml_monitor.exact_values(spec) }},

    {{ ml_monitor.exact_distances() }},

    features as (
        select i as place, feature
        from (
            {{ ml_monitor.numbered_features(spec) }}
        ) as numbered
    )

    select
        {{ ml_monitor.literal(name) }} as monitor,
        features.feature,
        requested.window_start,
        requested.window_end,
        distances.window_size as sample_size,
        distances.base_size as reference_size,
        distances.ks,
        case when distances.ks_tail > 1 then 1 else {{ ml_monitor.non_negative('distances.ks_tail') }} end as ks_p_value,
        distances.wasserstein,
        distances.cramer_von_mises,
        distances.cramer_von_mises_p_value
    from distances
    inner join features on features.place = distances.place
    inner join requested on requested.window_number = distances.window_number
{% endmacro %}
