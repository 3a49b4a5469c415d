{% macro value_sums() %}
    {#- Rows with each frequent value in a span. A window of which a part was sampled counts with its full weight. -#}
    {%- set cell = 'spans.monitor, spans.window_number, spans.span, sampled.feature' -%}
    valid_rows as (
        select monitor, feature, window_number, sum(n_rows - n_missing - n_invalid) as n_valid
        from profiles
        where segment = '__all__'
        group by monitor, feature, window_number
    ),

    sampled_values as (
        select kept.monitor, kept.feature, kept.window_number, kept.frequent_value, kept.n_sampled, valid_rows.n_valid,
            cast(kept.n as {{ ml_monitor.type_double() }}) * valid_rows.n_valid / kept.n_sampled as n,
            row_number() over (partition by kept.monitor, kept.feature, kept.window_number order by kept.n desc, kept.frequent_value) as frequency_rank
        from {{ ref('ml_monitor__frequent_values') }} as kept
        inner join monitors on monitors.monitor = kept.monitor and monitors.edge_set_id = kept.edge_set_id
        inner join valid_rows
            on valid_rows.monitor = kept.monitor
            and valid_rows.feature = kept.feature
            and valid_rows.window_number = kept.window_number
    ),

    value_sums as (
        select {{ cell }}, sampled.frequent_value, grouping(sampled.frequent_value) as is_total,
            sum(sampled.n) as n,
            sum(case when sampled.frequency_rank = 1 then sampled.n_sampled else 0 end) as n_sampled,
            sum(case when sampled.frequency_rank = 1 then sampled.n_valid else 0 end) as n_valid
        from stale_spans as spans
        inner join sampled_values as sampled
            on sampled.monitor = spans.monitor
            and sampled.window_number > spans.window_number - spans.span
            and sampled.window_number <= spans.window_number
        group by grouping sets (({{ cell }}), ({{ cell }}, sampled.frequent_value))
    )
{% endmacro %}


{% macro value_shares() %}
    {#- Beside the share in the reference. Of a value that is not among its twenty kept ones only a limit is known: the share of the last of them. -#}
    {%- set share = 'cast(kept.n as ' ~ ml_monitor.type_double() ~ ') / kept.n_sampled' -%}
    {%- set of_feature = 'over (partition by kept.monitor, kept.feature' -%}
    reference_values as (
        select kept.monitor, kept.feature, kept.frequent_value, kept.n_sampled, {{ share }} as share,
            case when count(kept.frequent_value) {{ of_feature }}) = 20 then min({{ share }}) {{ of_feature }}) else 0 end as other_share,
            row_number() {{ of_feature }} order by kept.n desc, kept.frequent_value) as frequency_rank
        from {{ ref('ml_monitor__reference_values') }} as kept
        inner join monitors on monitors.monitor = kept.monitor and monitors.edge_set_id = kept.edge_set_id
    ),

    value_shares as (
        select totals.monitor, totals.window_number, totals.span, totals.feature, totals.n_sampled, base.n_sampled as reference_size,
            span_values.frequent_value, span_values.n / totals.n_valid as share, coalesce(known.share, base.other_share) as base_share
        from value_sums as totals
        inner join reference_values as base on base.frequency_rank = 1 and base.monitor = totals.monitor and base.feature = totals.feature
        left join value_sums as span_values
            on span_values.frequent_value is not null and span_values.monitor = totals.monitor and span_values.feature = totals.feature
            and span_values.window_number = totals.window_number and span_values.span = totals.span
        left join reference_values as known
            on known.monitor = totals.monitor and known.feature = totals.feature and known.frequent_value = span_values.frequent_value
        where totals.is_total = 1
    )
{% endmacro %}


{% macro point_mass_increases() %}
    {#- The value that gained most. -#}
    {%- set keys = 'monitor, window_number, span, feature' -%}
    ranked_shares as (
        select *,
            row_number() over (partition by {{ keys }} order by share - base_share desc, frequent_value) as place,
            {%- for side, end in {'-': 'low', '+': 'high'}.items() %}
            {{ ml_monitor.wilson_bound('(share * n_sampled)', 'n_sampled', side) }} as share_{{ end }},
            {{ ml_monitor.wilson_bound('(base_share * reference_size)', 'reference_size', side) }} as base_{{ end }}{{ ',' if not loop.last }}
            {%- endfor %}
        from value_shares
    ),

    point_mass_increases as (
        select {{ keys }}, '__all__' as model_version, '__all__' as segment, '__all__' as segment_value, 'point_mass_increase' as metric,
            coalesce(share - base_share, 0) as metric_value, n_sampled as sample_size, reference_size,
            {{ ml_monitor.newcombe_bound('share', 'share_low', 'base_share', 'base_high', '-') }} as lower_bound,
            {{ ml_monitor.newcombe_bound('share', 'share_high', 'base_share', 'base_low', '+') }} as upper_bound,
            {#- a default may be larger than any decimal #}
            'the value ' || case when abs(frequent_value) < 1e15 then {{ ml_monitor.short_number('frequent_value') }} else cast(frequent_value as {{ dbt.type_string() }}) end as detail
        from ranked_shares
        where place = 1
    )
{% endmacro %}
