{% macro cost_metric() %}
    {#- Mean cost of the labelled outcomes, with the standard error of a mean; and what all of them together were worth. -#}
    {%- set n = '(1e0 * decided.tp + decided.fp + decided.fn + decided.tn)' -%}
    {%- set total, squares = [], [] -%}
    {%- for outcome in ['tp', 'fp', 'fn', 'tn'] -%}
        {%- do total.append('decided.' ~ outcome ~ ' * monitors.cost_' ~ outcome) -%}
        {%- do squares.append('decided.' ~ outcome ~ ' * monitors.cost_' ~ outcome ~ ' * monitors.cost_' ~ outcome) -%}
    {%- endfor -%}
    {%- set error = ml_monitor.mean_error('(' ~ total | join(' + ') ~ ')', '(' ~ squares | join(' + ') ~ ')', n) -%}
    {%- set cost = '(' ~ total | join(' + ') ~ ') / ' ~ n -%}
    {%- for metric, scale in {'cost': '1', 'business_value': '-' ~ n}.items() %}
    select decided.monitor, decided.model_version, decided.segment, decided.segment_value, decided.window_number, decided.span, '{{ metric }}' as metric,
        {{ scale }} * {{ cost }} as metric_value, {{ n }} as sample_size,
        {{ scale }} * {{ cost }} - 1.959963984540054e0 * abs({{ scale }}) * {{ error }} as lower_bound,
        {{ scale }} * {{ cost }} + 1.959963984540054e0 * abs({{ scale }}) * {{ error }} as upper_bound,
        {{ n }} / decided.n_predictions as label_coverage
    from span_decisions as decided
    inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = decided.monitor
    where {{ n }} > 0 and monitors.cost_tp is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro gap_counts() %}
    {#- Successes and trials of a group and of everyone else, per rate. -#}
    {%- for metric, (successes, trials) in {
        'selection_rate_gap': (['n_selected'], ['n_predictions']),
        'tpr_gap': (['tp'], ['tp', 'fn']),
        'fpr_gap': (['fp'], ['fp', 'tn']),
        'ppv_gap': (['tp'], ['tp', 'fp']),
    }.items() %}
    select one.monitor, one.model_version, one.segment, one.segment_value, one.window_number, one.span, '{{ metric }}' as metric,
        1e0 * one.{{ successes | join }} as hits,
        1e0 * (one.{{ trials | join(' + one.') }}) as trials,
        1e0 * (everyone.{{ successes | join }} - one.{{ successes | join }}) as other_hits,
        1e0 * (everyone.{{ trials | join(' + everyone.') }} - (one.{{ trials | join(' + one.') }})) as other_trials,
        1e0 * (one.tp + one.fp + one.fn + one.tn) / one.n_predictions as label_coverage
    from span_decisions as one
    inner join span_decisions as everyone
        on everyone.monitor = one.monitor and everyone.model_version = one.model_version and everyone.segment = '__all__'
        and everyone.window_number = one.window_number and everyone.span = one.span
    where one.segment <> '__all__'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro gap_metrics(gaps) %}
    {#- Difference of two shares with Newcombe's interval (Newcombe 1998, method 10), from the Wilson ends of both. -#}
    {%- set gap = '(hits / trials - other_hits / other_trials)' -%}
    {%- set ends = {} -%}
    {%- for side in ['-', '+'] -%}
        {%- do ends.update({side: ml_monitor.wilson_bound('hits', 'trials', side), 'other' ~ side: ml_monitor.wilson_bound('other_hits', 'other_trials', side)}) -%}
    {%- endfor -%}
    select monitor, model_version, segment, segment_value, window_number, span, metric, {{ gap }} as metric_value,
        case when trials < other_trials then trials else other_trials end as sample_size,
        {{ gap }} - sqrt(power(hits / trials - ({{ ends['-'] }}), 2) + power(({{ ends['other+'] }}) - other_hits / other_trials, 2)) as lower_bound,
        {{ gap }} + sqrt(power(({{ ends['+'] }}) - hits / trials, 2) + power(other_hits / other_trials - ({{ ends['other-'] }}), 2)) as upper_bound,
        label_coverage
    from {{ gaps }}
    where trials > 0 and other_trials > 0
{%- endmacro %}
