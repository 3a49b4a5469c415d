{% macro outcome_total_columns() %}
    {#- The sums kept per window, as column -> SQL aggregate. `n_predictions` and `n` are predictions and those with a label, of a ranking
        queries and those with a label; `n_rows` are rows. -#}
    {%- set tasks = ml_monitor.declared_tasks() -%}
    {%- set labelled = "sum(case when outcome = 'labelled' then " -%}
    {%- set columns = {
        'n_rows': 'sum(n)',
        'n_predictions': 'sum(coalesce(n_queries, n))',
        'n': 'sum(coalesce(n_labelled_queries, case when outcome = \'labelled\' then n else 0 end))',
        'n_labels': labelled ~ 'n else 0 end)',
        'n_superseded': "sum(case when outcome = 'superseded' then n_feedback else 0 end)",
    } -%}
    {%- if 'binary' in tasks -%}
        {%- for name, (prediction, label) in {'tp': (1, 1), 'fp': (1, 0), 'fn': (0, 1), 'tn': (0, 0)}.items() -%}
            {%- do columns.update({name: 'sum(case when prediction = ' ~ prediction ~ ' and label = ' ~ label ~ ' then n else 0 end)'}) -%}
        {%- endfor -%}
        {%- do columns.update({
            'n_positives': 'sum(case when label = 1 then n else 0 end)',
            'n_scored_positives': 'sum(case when label = 1 and score is not null then n else 0 end)',
            'sum_scored': labelled ~ 'sum_score end)',
            'sum_positive_score': 'sum(case when label = 1 then sum_score else 0 end)',
        }) -%}
    {%- endif -%}
    {%- if 'multiclass' in tasks -%}
        {%- do columns.update({
            'n_paired': 'sum(case when predicted_class is not null and actual_class is not null then n else 0 end)',
            'n_correct': 'sum(case when predicted_class = actual_class then n else 0 end)',
        }) -%}
    {%- endif -%}
    {#- Scores have sums by score, the other losses are of classes alone. -#}
    {%- set elsewhere = ['sum_score', 'sum_other_log_loss', 'sum_squared_other_log_loss'] -%}
    {%- for task in tasks -%}
        {%- for name in ml_monitor.outcome_measures({'task': task, 'quantile': 0.5, 'lower': none, 'upper': none}) if name not in elsewhere -%}
            {%- do columns.update({name: 'sum(' ~ name ~ ')'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
