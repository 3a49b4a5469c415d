{% macro expected_categories() %}
    {#- How many categories a span of this size would have if it were drawn from the reference, and by how much that varies: the chance that one is
        missed is exp(-rows x share). Categories of one frequency are alike, so they are counted once. -#}
    {%- set missed = 'case when counts.n_values * alike.share < 700 then exp(-counts.n_values * alike.share) else 0 end' -%}
    alike_categories as (
        select monitor, segment, segment_value, feature, n, share, count(*) as n_categories
        from reference_categories
        group by monitor, segment, segment_value, feature, n, share
    ),

    expected_categories as (
        select
            {% for key in ml_monitor.quality_keys() %}counts.{{ key }}, {% endfor %}
            counts.n_values,
            sum(alike.n * alike.n_categories) as reference_size,
            sum(alike.n_categories * (1 - {{ missed }})) as n_expected,
            sum(alike.n_categories * {{ missed }} * (1 - {{ missed }})) as variance,
            sum(case when counts.n_values * alike.share >= 5 then alike.n_categories else 0 end) as n_sure,
            sum(case when counts.n_values * alike.share >= 5 then alike.n_categories * alike.share * {{ missed }} else 0 end) as vanished_by_chance
        from counts
        inner join alike_categories as alike on {{ ml_monitor.same_cell('alike', 'counts', version=false) }}
        where counts.feature_type = 'categorical' and counts.n_values > 0
        group by {% for key in ml_monitor.quality_keys() %}counts.{{ key }}, {% endfor %}counts.n_values
    )
{% endmacro %}


{% macro category_count_metrics() %}
    {%- set keys = ml_monitor.quality_keys() -%}
    counted_categories as (
        select {% for key in keys %}counts.{{ key }}, {% endfor %}counts.n_values, present.n_categories
        from counts
        inner join category_presence as present
            on {{ ml_monitor.same_cell('present', 'counts', span=true) }} and present.window_number = counts.window_number
        where counts.feature_type = 'categorical' and counts.n_values > 0
    ),

    category_count_metrics as (
        select {{ keys | join(', ') }}, 'category_count' as metric, 1e0 * n_categories as metric_value, n_values as sample_size,
            cast(null as bigint) as reference_size, cast(null as {{ ml_monitor.type_double() }}) as lower_bound, cast(null as {{ ml_monitor.type_double() }}) as upper_bound
        from counted_categories
        union all
        select {% for key in keys %}counted.{{ key }}, {% endfor %}'category_count_ratio', counted.n_categories / expected.n_expected, counted.n_values, expected.reference_size,
            (counted.n_categories - 1.959963984540054e0 * sqrt(expected.variance)) / expected.n_expected,
            (counted.n_categories + 1.959963984540054e0 * sqrt(expected.variance)) / expected.n_expected
        from counted_categories as counted
        inner join expected_categories as expected
            on {{ ml_monitor.same_cell('expected', 'counted', span=true) }} and expected.window_number = counted.window_number
    )
{% endmacro %}
