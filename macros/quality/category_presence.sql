{#- Which categories a span has seen. Counting them span by span would touch every category as often as the span is long; instead each
    category's stretches of presence are followed: it enters with the first window that has it and leaves `span` windows after the last. -#}

{% macro category_windows() %}
    {%- set codes = ml_monitor.bin_codes() -%}
    {%- set cell = 'monitor, model_version, segment, segment_value, feature, category' -%}
    category_windows as (
        select profile.monitor, profile.model_version, profile.segment, profile.segment_value, profile.feature, profile.bin, profile.category,
            profile.window_number, profile.n
        from {{ ref('ml_monitor__feature_profiles') }} as profile
        inner join monitors on monitors.monitor = profile.monitor and monitors.edge_set_id = profile.edge_set_id
        inner join needed_windows on needed_windows.monitor = profile.monitor and profile.window_number > needed_windows.since_number
        where profile.category is not null and (profile.bin > 0 or profile.bin in ({{ codes.other }}, {{ codes.unseen }}))
    ),

    distinct_appearances as (
        select {{ cell }}, window_number from category_windows
        {{ ml_monitor.union_distinct() }}
        select {{ cell | replace('model_version', "'__all__'") }}, window_number from category_windows
    ),

    appearances as (
        select *,
            lag(window_number) over (partition by {{ cell }} order by window_number) as previous_number,
            lead(window_number) over (partition by {{ cell }} order by window_number) as next_number
        from distinct_appearances
    )
{% endmacro %}


{% macro category_presence() %}
    {#- How many categories are present at the end of each span. -#}
    {%- set keys = 'monitor, span, model_version, segment, segment_value, feature' -%}
    {%- set cell = 'found.monitor, spans.span, found.model_version, found.segment, found.segment_value, found.feature' -%}
    span_lengths as (
        select distinct monitor, span from stale_spans
    ),

    presence_changes as (
        select {{ cell }}, found.window_number, 1 as change
        from appearances as found
        inner join span_lengths as spans on spans.monitor = found.monitor
        where found.previous_number is null or found.window_number - found.previous_number >= spans.span
        union all
        select {{ cell }}, found.window_number + spans.span, -1
        from appearances as found
        inner join span_lengths as spans on spans.monitor = found.monitor
        where found.next_number is null or found.next_number - found.window_number >= spans.span
        union all
        select {{ keys }}, window_number, 0 from counts where feature_type = 'categorical'
    ),

    daily_changes as (
        select {{ keys }}, window_number, sum(change) as change from presence_changes group by {{ keys }}, window_number
    ),

    category_presence as (
        select {{ keys }}, window_number, sum(change) over (partition by {{ keys }} order by window_number rows between unbounded preceding and current row) as n_categories
        from daily_changes
    )
{% endmacro %}
