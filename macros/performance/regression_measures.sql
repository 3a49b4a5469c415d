{% macro _regression_measures(spec) %}
    {#- Over the rows whose prediction and label are both numbers. -#}
    {%- set label, prediction = 'exact_label', 'exact_prediction' -%}
    {%- set error = '(' ~ prediction ~ ' - ' ~ label ~ ')' -%}
    {%- set known = error ~ ' is not null' -%}
    {%- set share = 'case when ' ~ label ~ ' <> 0 then abs(' ~ error ~ ' / ' ~ label ~ ') end' -%}
    {%- set symmetric = 'case when ' ~ error ~ ' = 0 then 0 else 2 * abs(' ~ error ~ ') / (abs(' ~ prediction ~ ') + abs(' ~ label ~ ')) end' -%}
    {%- set logged = prediction ~ ' > -1 and ' ~ label ~ ' > -1' -%}
    {%- set log_error = 'case when ' ~ logged ~ ' then ln(1 + ' ~ prediction ~ ') - ln(1 + ' ~ label ~ ') end' -%}
    {%- set pinball = 'case when ' ~ error ~ ' < 0 then -' ~ spec.quantile ~ ' * ' ~ error ~ ' else (1 - ' ~ spec.quantile ~ ') * ' ~ error ~ ' end' -%}
    {{ return({
        'n_scored': 'case when ' ~ known ~ ' then 1 end',
        'sum_label': 'case when ' ~ known ~ ' then ' ~ label ~ ' end',
        'sum_squared_label': 'case when ' ~ known ~ ' then ' ~ label ~ ' * ' ~ label ~ ' end',
        'sum_absolute_label': 'case when ' ~ known ~ ' then abs(' ~ label ~ ') end',
        'sum_error': error,
        'sum_absolute_error': 'abs(' ~ error ~ ')',
        'sum_squared_error': error ~ ' * ' ~ error,
        'sum_fourth_error': 'power(' ~ error ~ ', 4)',
        'sum_error_label': error ~ ' * ' ~ label,
        'sum_absolute_error_label': 'abs(' ~ error ~ ' * ' ~ label ~ ')',
        'n_shares': 'case when ' ~ known ~ ' and ' ~ label ~ ' <> 0 then 1 end',
        'sum_share': share,
        'sum_squared_share': 'power(' ~ share ~ ', 2)',
        'sum_symmetric_share': symmetric,
        'sum_squared_symmetric_share': 'power(' ~ symmetric ~ ', 2)',
        'n_logged': 'case when ' ~ logged ~ ' then 1 end',
        'sum_squared_log_error': 'power(' ~ log_error ~ ', 2)',
        'sum_fourth_log_error': 'power(' ~ log_error ~ ', 4)',
        'sum_pinball': pinball,
        'sum_squared_pinball': 'power(' ~ pinball ~ ', 2)',
        'n_intervals': 'case when exact_label is not null and upper_limit >= lower_limit then 1 end',
        'n_covered': 'case when exact_label >= lower_limit and exact_label <= upper_limit then 1 end',
    }) }}
{% endmacro %}


{% macro error_bin(error) %}
    {#- Where |error| lies on a fixed logarithmic scale: bin i is (1.1^(i - 1), 1.1^i], so that histograms of any two windows add up. No
        error at all is bin -10000, below every double. -#}
    case
        when {{ error }} = 0 then -10000
        else cast(ceil(ln(abs({{ error }})) / 0.09531017980432493e0) as integer)
    end
{%- endmacro %}
