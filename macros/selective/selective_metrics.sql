{% macro selective_metrics() %}
    {#- Inverse-propensity weighting, self-normalised (Hajek 1971), with its linearised error; the bounds that hold whatever the missing labels
        are (Manski 1990); and how much of what was acted on was chosen against the odds. -#}
    {%- set keys = 'monitor, window_start, window_end, span' -%}
    {%- for metric, part in {'ipw_accuracy': 'right', 'ipw_prevalence': 'positive'}.items() %}
    {%- set mean = '(weighted_' ~ part ~ ' / weights)' -%}
    {%- set error = 'sqrt(' ~ ml_monitor.non_negative('(squared_weighted_' ~ part ~ ' * (1 - 2 * ' ~ mean ~ ') + ' ~ mean ~ ' * ' ~ mean ~ ' * squared_weights)') ~ ') / weights' %}
    select {{ keys }}, '{{ metric }}' as metric, {{ mean }} as metric_value, weights * weights / squared_weights as sample_size,
        {{ mean }} - 1.959963984540054e0 * {{ error }} as lower_bound, {{ mean }} + 1.959963984540054e0 * {{ error }} as upper_bound
    from totals
    where weights > 0
    union all
    {%- endfor %}
    {#- These are shares of rows: their sampling error is Wilson's. #}
    {%- for metric, (hits, n) in {
        'accuracy_worst_case': ('n_right', 'n'),
        'accuracy_best_case': ('(n_right + n - n_labelled)', 'n'),
        'exploration_share': ('n_explored', 'n_acted'),
    }.items() %}
    select {{ keys }}, '{{ metric }}', {{ hits }} / {{ n }}, {{ n }}, {{ ml_monitor.wilson_bound(hits, n, '-') }}, {{ ml_monitor.wilson_bound(hits, n, '+') }}
    from totals
    where {{ n }} > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
