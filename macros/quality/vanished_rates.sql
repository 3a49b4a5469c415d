{% macro absences() %}
    {#- The stretches of spans in which a category of the reference was not seen, for those that some span would have at least five times. -#}
    {%- set cell = 'large.monitor, large.span, large.model_version, large.segment, large.segment_value, large.feature' -%}
    {%- set category = 'monitor, span, model_version, segment, segment_value, feature, category, reference_n, share' -%}
    largest_spans as (
        select monitor, span, model_version, segment, segment_value, feature, max(n_values) as n_values
        from counts
        where feature_type = 'categorical'
        group by monitor, span, model_version, segment, segment_value, feature
    ),

    awaited as (
        select {{ cell }}, base.category, base.n as reference_n, base.share
        from largest_spans as large
        inner join reference_categories as base on {{ ml_monitor.same_cell('base', 'large', version=false) }} and large.n_values * base.share >= 5
    ),

    absences as (
        select {% for key in category.split(', ') %}awaited.{{ key }}, {% endfor %}found.window_number + awaited.span as from_number, found.next_number as until_number
        from awaited
        left join appearances as found on {{ ml_monitor.same_cell('found', 'awaited') }} and found.category = awaited.category
        where found.next_number is null or found.next_number > found.window_number + awaited.span
        union all
        select {% for key in category.split(', ') %}awaited.{{ key }}, {% endfor %}null, found.window_number
        from awaited
        inner join appearances as found on {{ ml_monitor.same_cell('found', 'awaited') }} and found.category = awaited.category
        where found.previous_number is null
    )
{% endmacro %}


{% macro vanished_rates() %}
    {#- The share that the vanished categories had, five of them by name. -#}
    {%- set keys = ml_monitor.quality_keys() -%}
    vanished as (
        select {% for key in keys %}counts.{{ key }}, {% endfor %}gone.category, gone.share,
            row_number() over (partition by {% for key in keys %}counts.{{ key }}{{ ', ' if not loop.last }}{% endfor %} order by gone.reference_n desc, gone.category) as frequency_rank
        from counts
        inner join absences as gone
            on {{ ml_monitor.same_cell('gone', 'counts', span=true) }}
            and counts.n_values * gone.share >= 5
            and (gone.from_number is null or counts.window_number >= gone.from_number)
            and (gone.until_number is null or counts.window_number < gone.until_number)
    ),

    vanished_shares as (
        select {{ keys | join(', ') }}, sum(share) as share,
            {{ ml_monitor.listed('case when frequency_rank <= 5 then category end', 'frequency_rank') }} as detail
        from vanished
        group by {{ keys | join(', ') }}
    ),

    vanished_rates as (
        select {% for key in keys %}expected.{{ key }}, {% endfor %}'vanished_rate' as metric, coalesce(gone.share, 0) as metric_value, expected.n_values as sample_size,
            expected.reference_size, expected.vanished_by_chance as noise_floor, gone.detail
        from expected_categories as expected
        left join vanished_shares as gone
            on {{ ml_monitor.same_cell('gone', 'expected', span=true) }} and gone.window_number = expected.window_number
        where expected.n_sure > 0
    )
{% endmacro %}
