{% macro behaviour_columns() %}
    {#- Of the behaviour profiles: column -> type. -#}
    {{ return(dict({
        'monitor': 'text', 'model_version': 'text', 'segment': 'text', 'segment_value': 'text', 'window_start': 'timestamp', 'window_number': 'bigint',
        'part': 'text', 'bin': 'bigint', 'key_1': 'text', 'key_2': 'text', 'key_3': 'text', 'key_4': 'text', 'n': 'double',
    }, **dict(dict.fromkeys(ml_monitor.behaviour_sums(), 'double'), updated_at='timestamp'))) }}
{% endmacro %}


{% macro behaviour_spans() %}
    {#- CTEs: totals and bins merged over each span of each stale window, per version and pooled; agreement over all versions. -#}
    {%- set cell = 'stale_windows.monitor, stale_windows.window_number, spans.span, profiles.segment, profiles.segment_value' -%}
    {%- set joined -%}
    from stale_windows
        inner join {{ ref('ml_monitor__spans') }} as spans on spans.monitor = stale_windows.monitor
        inner join profiles
            on profiles.monitor = stale_windows.monitor
            and profiles.window_number > stale_windows.window_number - spans.span
            and profiles.window_number <= stale_windows.window_number
    {%- endset -%}
    {%- set sums = ml_monitor.behaviour_sums() -%}
    span_totals as (
        select {{ cell }}, coalesce(profiles.model_version, '__all__') as model_version,
            {%- for measure in sums %}
            sum(profiles.{{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
            {%- endfor %}
        {{ joined }}
        where profiles.part = 'totals'
        group by grouping sets (({{ cell }}), ({{ cell }}, profiles.model_version))
    ),

    span_bins as (
        select {{ cell }}, coalesce(profiles.model_version, '__all__') as model_version, profiles.part, profiles.bin, sum(profiles.n) as n
        {{ joined }}
        where profiles.part in ('dwell', 'decision')
        group by grouping sets (({{ cell }}, profiles.part, profiles.bin), ({{ cell }}, profiles.part, profiles.bin, profiles.model_version))
    ),

    span_parts as (
        select {{ cell }}, profiles.part, profiles.key_1, profiles.key_2, profiles.key_3, profiles.key_4, sum(profiles.n) as n
        {{ joined }}
        where profiles.part not in ('totals', 'dwell', 'decision', 'window')
        group by {{ cell }}, profiles.part, profiles.key_1, profiles.key_2, profiles.key_3, profiles.key_4
    )
{%- endmacro %}


{% macro behaviour_estimates() %}
    {#- Shares with Wilson's interval, means with the standard error of a mean, and the ratio of two shares. -#}
    {%- set keys = 'monitor, window_number, span, segment, segment_value, model_version' -%}
    {%- set double = ml_monitor.type_double() -%}
    {%- set shares = {
        'acceptance_rate': ('n_accepted', 'n_decided'), 'override_rate': ('(n_decided - n_accepted)', 'n_decided'), 'correction_rate': ('n_corrected', 'n_predictions'),
        'click_through_rate': ('n_clicked', 'n_predictions'), 'requery_rate': ('n_requeried', 'n_predictions'), 'abandonment_rate': ('n_abandoned', 'n_predictions'),
        'complaint_rate': ('n_complained', 'n_predictions'), 'thumb_up_rate': ('n_up', 'n_thumbs'), 'feedback_rate': ('n_touched', 'n_predictions'),
        'clock_skew_rate': ('n_skewed', 'n_events'), 'wrong_acceptance_rate': ('n_wrong_accepted', 'n_wrong_decided'),
        'right_override_rate': ('(n_right_decided - n_right_accepted)', 'n_right_decided'),
    } -%}
    {%- for metric, (part, whole) in shares.items() %}
    select {{ keys }}, '{{ metric }}' as metric, {{ part }} / {{ whole }} as metric_value, {{ whole }} as sample_size,
        {{ ml_monitor.wilson_bound(part, whole, '-') }} as lower_bound, {{ ml_monitor.wilson_bound(part, whole, '+') }} as upper_bound
    from span_totals
    where {{ whole }} > 0
    union all
    {%- endfor %}
    {%- for metric, (name, n) in {'decision_time': ('decision', 'n_decided'), 'dwell_time': ('dwell', 'n_dwells'), 'rating': ('rating', 'n_ratings')}.items() %}
    {%- set error = '1.959963984540054e0 * (' ~ ml_monitor.mean_error('sum_' ~ name, 'sum_squared_' ~ name, n) ~ ')' %}
    select {{ keys }}, '{{ metric }}', sum_{{ name }} / {{ n }}, {{ n }}, sum_{{ name }} / {{ n }} - {{ error }}, sum_{{ name }} / {{ n }} + {{ error }}
    from span_totals
    where {{ n }} > 0
    union all
    {%- endfor %}
    {#- The logarithm of a ratio of shares is nearly normal (Katz and others 1978); without a wrong acceptance it is 0 and has no such interval. #}
    {%- set spread = 'sqrt(' ~ ml_monitor.non_negative('(1e0 / nullif(n_wrong_accepted, 0) - 1e0 / n_wrong_decided + 1e0 / n_right_accepted - 1e0 / n_right_decided)') ~ ')' %}
    {%- set index = '((n_wrong_accepted / n_wrong_decided) / (n_right_accepted / n_right_decided))' %}
    select {{ keys }}, 'automation_bias_index', {{ index }}, n_wrong_decided,
        case when n_wrong_accepted > 0 then {{ index }} * exp(-1.959963984540054e0 * {{ spread }}) end,
        case when n_wrong_accepted > 0 then {{ index }} * exp(1.959963984540054e0 * {{ spread }}) end
    from span_totals
    where n_wrong_decided > 0 and n_right_accepted > 0
    union all
    {{ ml_monitor.behaviour_medians(keys) }}
    union all
    {{ ml_monitor.agreement_estimates() }}
{%- endmacro %}


{% macro behaviour_medians(keys) %}
    {#- Within a bin the counts run evenly over the logarithm; interval: the binomial one of an order statistic. -#}
    {%- set levels = {} -%}
    {%- for end, sign in {'metric_value': '', 'lower_bound': ' - 0.979981992270027e0 * sqrt(total)', 'upper_bound': ' + 0.979981992270027e0 * sqrt(total)'}.items() -%}
        {%- do levels.update({end: '(0.5e0 * total' ~ sign ~ ')'}) -%}
    {%- endfor -%}
    select {{ keys }}, part || '_time_p50', metric_value, total, lower_bound, upper_bound
    from (
        select {{ keys }}, part, max(total) as total
            {%- for name, level in levels.items() %},
            max(case when (n_below < {{ level }} or n_below = 0) and (n_below + n >= {{ level }} or n_below + n = total) then
                {{ ml_monitor.value_in_error_bin('(' ~ level ~ ' - n_below) / n') | replace('error_bin', 'bin') }} end) as {{ name }}
            {%- endfor %}
        from (
            select {{ keys }}, part, bin, n,
                sum(n) over (partition by {{ keys }}, part order by bin rows between unbounded preceding and current row) - n as n_below,
                sum(n) over (partition by {{ keys }}, part) as total
            from span_bins
        ) as placed
        group by {{ keys }}, part
    ) as medians
{%- endmacro %}


{% macro agreement_estimates() %}
    {#- From the merged parts. Nothing to agree on (one label alone was ever given) has no kappa and no alpha. -#}
    {%- set cell = 'monitor, window_number, span' -%}
    {%- set all = "'__all__' as segment, '__all__' as segment_value, '__all__' as model_version" -%}
    select {{ cell }}, {{ all }}, 'unknown_feedback_rate', n_unknown / (n_unknown + n_events), n_unknown + n_events,
        {{ ml_monitor.wilson_bound('n_unknown', '(n_unknown + n_events)', '-') }}, {{ ml_monitor.wilson_bound('n_unknown', '(n_unknown + n_events)', '+') }}
    from event_counts
    where n_unknown + n_events > 0
    union all
    select {{ cell }}, {{ all }}, 'disagreement_rate', disagreed / units, units, {{ ml_monitor.wilson_bound('disagreed', 'units', '-') }}, {{ ml_monitor.wilson_bound('disagreed', 'units', '+') }}
    from unit_sums
    where units > 0
    union all
    select {{ cell }}, {{ all }}, 'fleiss_kappa', (unit_agreement / units - chance) / (1 - chance), units, null, null
    from unit_sums
    where units > 0 and chance < 1 - 1e-12
    union all
    select {{ cell }}, {{ all }}, 'krippendorff_alpha', 1 - (votes - 1) * (votes - matched) / (votes * votes * (1 - chance)), units, null, null
    from unit_sums
    where chance < 1 - 1e-12
    union all
    select {{ cell }}, {{ all }}, 'krippendorff_alpha', 1 - (number_votes - 1) * observed / (2 * (number_votes * squares - sum_label * sum_label)), units, null, null
    from unit_sums
    where number_votes * squares - sum_label * sum_label > 1e-12 * number_votes * squares
    union all
    select {{ cell }}, 'raters', rater_pair, '__all__', 'annotator_kappa', kappa, n_pair, kappa - 1.959963984540054e0 * error, kappa + 1.959963984540054e0 * error
    from pair_kappas
    union all
    select {{ cell }}, {{ all }}, 'annotator_kappa', avg(kappa), sum(n_pair), null, null
    from pair_kappas
    group by {{ cell }}
{%- endmacro %}


{% macro agreement_sums() %}
    {#- CTEs of the sums that agreement is made of. Cohen's kappa per pair of raters (Cohen 1960), with the simple standard error given there. -#}
    {%- set cell = 'monitor, window_number, span' -%}
    event_counts as (
        {#- a window without predictions, when the log is late, has feedback too #}
        select {{ cell }}, sum(n_unknown) as n_unknown, sum(n_events) as n_events
        from (
            select {{ cell }}, 0e0 as n_unknown, n_events from span_totals where segment = '__all__' and model_version = '__all__'
            union all
            select {{ cell }}, n, 0e0 from span_parts where part = 'unknown'
        ) as counted
        group by {{ cell }}
    ),

    label_shares as (
        select {{ cell }}, sum(n) as votes, sum(case when key_1 = key_2 then n else 0 end) as matched
        from span_parts
        where part = 'coincidence'
        group by {{ cell }}
    ),

    chances as (
        select {{ cell }}, sum(n_label * n_label) as sum_squares
        from (
            select {{ cell }}, key_1, sum(n) as n_label from span_parts where part = 'coincidence' group by {{ cell }}, key_1
        ) as label_counts
        group by {{ cell }}
    ),

    unit_sums as (
        select parts.*, label_shares.votes, label_shares.matched, chances.sum_squares / (label_shares.votes * label_shares.votes) as chance
        from (
            select {{ cell }}
                {%- for name, part in {'units': 'units', 'disagreed': 'disagreed', 'unit_agreement': 'unit_agreement', 'number_votes': 'votes', 'sum_label': 'sum', 'squares': 'squares', 'observed': 'observed'}.items() %},
                sum(case when part = '{{ part }}' then n end) as {{ name }}
                {%- endfor %}
            from span_parts
            where part in ('units', 'disagreed', 'unit_agreement', 'votes', 'sum', 'squares', 'observed')
            group by {{ cell }}
        ) as parts
        left join label_shares on label_shares.monitor = parts.monitor and label_shares.window_number = parts.window_number and label_shares.span = parts.span
        left join chances on chances.monitor = parts.monitor and chances.window_number = parts.window_number and chances.span = parts.span
    ),

    pairs as (
        select {{ cell }}, key_1 || ' x ' || key_2 as rater_pair, key_3 as label, key_4 as other_label, n from span_parts where part = 'pair'
    ),

    pair_labels as (
        select {{ cell }}, rater_pair, label, sum(n_one) as n_one, sum(n_other) as n_other
        from (
            select {{ cell }}, rater_pair, label, n as n_one, 0 as n_other from pairs
            union all
            select {{ cell }}, rater_pair, other_label, 0, n from pairs
        ) as margins
        group by {{ cell }}, rater_pair, label
    ),

    pair_sums as (
        select pair_counts.*, pair_chances.products / (pair_counts.n_pair * pair_counts.n_pair) as chance, pair_counts.n_same / pair_counts.n_pair as same
        from (
            select {{ cell }}, rater_pair, sum(n) as n_pair, sum(case when label = other_label then n else 0 end) as n_same from pairs group by {{ cell }}, rater_pair
        ) as pair_counts
        inner join (
            select {{ cell }}, rater_pair, sum(n_one * n_other) as products from pair_labels group by {{ cell }}, rater_pair
        ) as pair_chances
            on pair_chances.monitor = pair_counts.monitor and pair_chances.window_number = pair_counts.window_number
            and pair_chances.span = pair_counts.span and pair_chances.rater_pair = pair_counts.rater_pair
    ),

    pair_kappas as (
        select {{ cell }}, rater_pair, n_pair, (same - chance) / (1 - chance) as kappa, sqrt({{ ml_monitor.non_negative('same * (1 - same)') }} / n_pair) / (1 - chance) as error
        from pair_sums
        where chance < 1 - 1e-12
    )
{%- endmacro %}
