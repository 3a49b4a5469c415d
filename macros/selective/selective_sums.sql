{% macro selective_sums() %}
    {#- What the profile keeps of a window and segment, as column -> SQL aggregate: all additive. -#}
    {%- set sums = {
        'n': 'count(*)',
        'n_acted': 'sum(case when action = 1 then 1 else 0 end)',
        'n_explored': 'sum(case when action = 1 and propensity < 0.5e0 then 1 else 0 end)',
        'n_positives': "sum(case when cell in ('tp', 'fn') then 1 else 0 end)",
        'n_unlabelled': 'sum(case when cell is null and worst_cell is not null then 1 else 0 end)',
        'n_scored': 'sum(case when worst_squared_error is not null then 1 else 0 end)',
    } -%}
    {%- for case in ['worst', 'best'] -%}
        {%- for cell in ['tp', 'fp', 'fn', 'tn'] -%}
            {%- do sums.update({case ~ '_' ~ cell: 'sum(case when ' ~ case ~ "_cell = '" ~ cell ~ "' then 1 else 0 end)"}) -%}
        {%- endfor -%}
        {%- for sum, term in {'log_loss': '', 'squared_log_loss': 'log_loss', 'squared_error': '', 'fourth_error': 'squared_error'}.items() -%}
            {%- set value = case ~ '_' ~ (term or sum) -%}
            {%- do sums.update({case ~ '_sum_' ~ sum: 'sum(coalesce(' ~ value ~ (' * ' ~ value if term) ~ ', 0))'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(dict(sums, **ml_monitor.weighted_sums())) }}
{% endmacro %}


{% macro weighted_sums() %}
    {#- Sums of weights and of their squares: of each cell, of the rows with an error, and of what their errors are. -#}
    {%- set sums = {} -%}
    {%- for part in ['tp', 'fp', 'fn', 'tn', 'scored'] -%}
        {%- set condition = 'squared_error is not null' if part == 'scored' else "cell = '" ~ part ~ "'" -%}
        {%- for name, value in {'weight': 'weight', 'squared_weight': 'weight * weight'}.items() -%}
            {%- do sums.update({name ~ '_' ~ part: 'sum(coalesce(case when ' ~ condition ~ ' then ' ~ value ~ ' end, 0))'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for loss in ['log_loss', 'squared_error', 'absolute_error', 'error'] -%}
        {%- do sums.update({
            'weighted_' ~ loss: 'sum(coalesce(weight * ' ~ loss ~ ', 0))',
            'twice_weighted_' ~ loss: 'sum(coalesce(weight * weight * ' ~ loss ~ ', 0))',
            'weighted_' ~ loss ~ '_squared': 'sum(coalesce(weight * weight * ' ~ loss ~ ' * ' ~ loss ~ ', 0))',
        }) -%}
    {%- endfor -%}
    {{ return(sums) }}
{% endmacro %}
