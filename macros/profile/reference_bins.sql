{% macro reference_summary(spec, rows) %}{{ return(adapter.dispatch('reference_summary', 'ml_monitor')(spec, rows)) }}{% endmacro %}


{% macro default__reference_summary(spec, rows) %}
    {#- One wide row: quantiles and extremes of every numeric variable. -#}
        select
            {%- for variable in spec.variables if variable.type == 'numeric' %}
            {{- ml_monitor.summary_columns(spec, variable) }},
            {%- endfor %}
            count(*) as n_rows
        from {{ rows }}
{%- endmacro %}


{% macro summary_columns(spec, variable) %}
    {%- set i = spec.variables.index(variable) + 1 -%}
    {%- set shares = [] -%}
    {%- for slot in range(1, spec.bins) -%}{%- do shares.append((slot / spec.bins) | round(12)) -%}{%- endfor -%}
    {%- set margins = {'q_low': 0.005, 'q_05': 0.05, 'q_95': 0.95, 'q_high': 0.995} -%}
    {%- set asked = (shares + margins.values() | list) | unique | list %}
            {%- for slot in range(1, spec.bins) %}
            {{ ml_monitor.quantile('e' ~ i, shares[slot - 1], asked) }} as x{{ i }}_q{{ slot }},
            {%- endfor %}
            {%- for name, share in margins.items() %}
            {{ ml_monitor.quantile('e' ~ i, share, asked) }} as x{{ i }}_{{ name }},
            {%- endfor %}
            avg(x{{ i }}) as x{{ i }}_mean,
            min(x{{ i }}) as x{{ i }}_low,
            max(x{{ i }}) as x{{ i }}_high
{%- endmacro %}


{% macro numeric_bins(spec, rows) %}
    {#- Bins from quantiles of the reference, right-closed. A value that fills two quantiles or more is a point mass and gets a
        bin of its own: (just below it, it]. Duplicates free the slot that this needs, so there are never more than `bins`. -#}
    {%- set numeric = spec.variables | selectattr('type', 'equalto', 'numeric') | list -%}
    reference_summary as (
        {{ ml_monitor.reference_summary(spec, rows) }}
    ),

    {{ ml_monitor.monitored_features(spec) }},

    quantile_slots as (
        {%- set slots = [] %}
        {%- for slot in range(1, spec.bins) %}{% do slots.append({'slot': slot}) %}{% endfor %}
        {{ ml_monitor.constant_rows(slots) }}
    ),

    numeric_features as (
        select i, feature from monitored_features where feature_type = 'numeric'
    ),

    quantiles as (
        select
            numeric_features.feature,
            case numeric_features.i
                {#- A monitor may have no number at all. #}
                when 0 then cast(null as {{ ml_monitor.type_double() }})
                {%- for variable in numeric %}
                    {%- set i = spec.variables.index(variable) + 1 %}
                when {{ i }} then case quantile_slots.slot {% for slot in range(1, spec.bins) %}when {{ slot }} then x{{ i }}_q{{ slot }} {% endfor %}end
                {%- endfor %}
            end as edge
        from reference_summary
        cross join numeric_features
        cross join quantile_slots
    ),

    distinct_edges as (
        select feature, edge, count(*) as n_quantiles from quantiles where edge is not null group by feature, edge
    ),

    upper_bounds as (
        select feature, edge as upper_bound, case when n_quantiles > 1 then 'point' else 'interval' end as bin_kind from distinct_edges
        union all
        select feature, {{ ml_monitor.just_below('edge') }} as upper_bound, 'interval' as bin_kind from distinct_edges where n_quantiles > 1
        union all
        select feature, null as upper_bound, 'interval' as bin_kind from numeric_features
    ),

    numeric_bins as (
        select
            feature,
            row_number() over (partition by feature order by case when upper_bound is null then 1 else 0 end, upper_bound) as bin,
            bin_kind,
            lag(upper_bound) over (partition by feature order by case when upper_bound is null then 1 else 0 end, upper_bound) as lower_bound,
            upper_bound
        from upper_bounds
    )
{% endmacro %}


{% macro monitored_features(spec) %}
    {#- The variables by their number in the generated columns, and the bins that each of a type has besides those of its values. -#}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set kinds = [] -%}
    {%- for type, named in {'numeric': ['missing', 'invalid'], 'categorical': ['total', 'missing', 'unseen']}.items() -%}
        {%- for kind in named -%}
            {%- do kinds.append({'feature_type': ml_monitor.literal(type), 'bin': codes[kind], 'bin_kind': ml_monitor.literal(kind)}) -%}
        {%- endfor -%}
    {%- endfor -%}
    monitored_features as (
        {{ ml_monitor.numbered_features(spec) }}
    ),

    kinds_of_bins as (
        {{ ml_monitor.constant_rows(kinds) }}
    )
{% endmacro %}


{% macro category_bins(spec, rows) %}
    {#- The most frequent categories of the reference, by count then name; the rest share `other`, each still known by name. -#}
    {%- set categorical = spec.variables | selectattr('type', 'equalto', 'categorical') | list -%}
    reference_categories as (
        {%- if categorical %}
        {{ ml_monitor.category_counts(dict(spec, segments=[]), rows, []) }}
        {%- else %}
        select '' as feature, '' as category, 0 as n {{ ml_monitor.no_rows() }}
        {%- endif %}
    ),

    category_bins as (
        select
            feature,
            category,
            n,
            row_number() over (partition by feature order by n desc, category) as frequency_rank
        from reference_categories
        where category is not null
    )
{% endmacro %}


{% macro all_bins(spec) %}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set double = ml_monitor.type_double() -%}
    {%- set private = spec.privacy.minimum_cell > 1 -%}
    {%- set is_kept = 'frequency_rank <= ' ~ spec.categories ~ (' and n >= ' ~ spec.privacy.minimum_cell if private else '') -%}
    {#- The extremes of a reference are values of single rows. -#}
    {%- set low, high = ('q_low', 'q_high') if private else ('low', 'high') -%}
    select feature, 'numeric' as feature_type, cast(bin as integer) as bin, bin_kind, lower_bound, upper_bound, cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ double }}) as centre, cast(null as {{ double }}) as value_min, cast(null as {{ double }}) as value_max,
        cast(null as {{ double }}) as clip_low, cast(null as {{ double }}) as clip_high, cast(null as {{ double }}) as robust_deviation
    from numeric_bins
    union all
    select feature, 'categorical', cast(case when {{ is_kept }} then frequency_rank else {{ codes.other }} end as integer),
        case when {{ is_kept }} then 'category' else 'other' end, null, null, category, null, null, null, null, null, null
    from category_bins
    union all
    select features.feature, features.feature_type, kinds.bin, kinds.bin_kind, null, null, null, null, null, null, null, null, null
    from monitored_features as features
    inner join kinds_of_bins as kinds on kinds.feature_type = features.feature_type
    {{- ml_monitor.numeric_totals(spec, low, high) }}
{% endmacro %}


{% macro numeric_totals(spec, low, high) %}
    {#- One reading of the summary for all features: it has a dozen columns for each, and a reading for each would be their square. -#}
    {%- set numeric = spec.variables | selectattr('type', 'equalto', 'numeric') | list -%}
    {%- if numeric %}
    union all
    select numeric_features.feature, 'numeric', {{ ml_monitor.bin_codes().total }}, 'total', null, null, null
        {%- for summary in ['@_mean', '@_' ~ low, '@_' ~ high, '@_q_low', '@_q_high', '(@_q_95 - @_q_05) / 3.289707253902945e0'] %},
        case numeric_features.i
            {%- for variable in numeric %}
            {%- set i = spec.variables.index(variable) + 1 %}
            when {{ i }} then {{ summary | replace('@', 'x' ~ i) }}
            {%- endfor %}
        end
        {%- endfor %}
    from reference_summary
    cross join numeric_features
    where numeric_features.i > 0
    {%- endif %}
{% endmacro %}
