{#- What a row adds: with its own label, and with a missing one filled in as it would be worst, or best, for the model. -#}

{% macro selective_measures(spec) %}
    {#- Column name to expression over `outcomes`; NULL for what the task does not have. -#}
    {%- set double = ml_monitor.type_double() -%}
    {%- set measures = {} -%}
    {%- for case in ['', 'worst_', 'best_'] -%}
        {%- set losses = ml_monitor.selective_losses(spec, case) -%}
        {%- do measures.update({case ~ 'cell': ml_monitor.selective_cell(spec, case)}) -%}
        {%- for loss in ['log_loss', 'squared_error'] -%}
            {%- do measures.update({case ~ loss: 'cast(' ~ losses.get(loss, 'null') ~ ' as ' ~ double ~ ')'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for loss, expression in {'absolute_error': 'abs(prediction - label)', 'error': 'prediction - label'}.items() -%}
        {%- do measures.update({loss: 'cast(' ~ (expression if spec.task == 'regression' else 'null') ~ ' as ' ~ double ~ ')'}) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}


{% macro selective_cell(spec, case) %}
    {#- tp, fp, fn or tn; of many classes tp for a right prediction and fp for a wrong one. -#}
    {%- if spec.task == 'binary' -%}
    {%- set label = {'': 'label', 'worst_': 'coalesce(label, 1 - prediction)', 'best_': 'coalesce(label, prediction)'}[case] -%}
    case when prediction = 1 then case {{ label }} when 1 then 'tp' when 0 then 'fp' end when prediction = 0 then case {{ label }} when 1 then 'fn' when 0 then 'tn' end end
    {%- elif spec.task == 'multiclass' -%}
    case when prediction = label then 'tp' when prediction <> label then 'fp'{{ " when prediction is not null then '" ~ {'worst_': 'fp', 'best_': 'tp'}[case] ~ "'" if case }} end
    {%- else -%}
    cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}


{% macro selective_losses(spec, case) %}
    {#- Of a missing label the worst is the class with the lowest score. An error of a number has no bound. -#}
    {%- if spec.task == 'regression' -%}
        {{ return({'squared_error': '(prediction - label) * (prediction - label)'} if not case else {}) }}
    {%- elif spec.score -%}
        {%- set label = {'': 'label', 'worst_': 'coalesce(label, case when score < 0.5e0 then 1e0 else 0e0 end)', 'best_': 'coalesce(label, case when score < 0.5e0 then 0e0 else 1e0 end)'}[case] -%}
        {{ return({'log_loss': ml_monitor.log_loss('score', label), 'squared_error': '(score - ' ~ label ~ ') * (score - ' ~ label ~ ')'}) }}
    {%- elif spec.scores -%}
        {{ return(ml_monitor.selective_class_losses(spec, case)) }}
    {%- endif -%}
    {{ return({}) }}
{% endmacro %}


{% macro selective_class_losses(spec, case) %}
    {#- Of rows whose classes all have a probability. -#}
    {%- set scores, squares = [], [] -%}
    {%- for name in spec.scores -%}
        {%- do scores.append('score_' ~ loop.index) -%}
        {%- do squares.append('score_' ~ loop.index ~ ' * score_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set filled = scores[0] if scores | length == 1 else {'worst_': 'least', 'best_': 'greatest'}.get(case, '') ~ '(' ~ scores | join(', ') ~ ')' -%}
    {%- set given = ml_monitor.score_of_class(spec, 'label') -%}
    {%- set probability = given if not case else 'case when label is null then ' ~ filled ~ ' else ' ~ given ~ ' end' -%}
    {%- set is_known = scores | join(' + ') ~ ' is not null' -%}
    {%- set known = '(case when ' ~ is_known ~ ' then ' ~ probability ~ ' end)' -%}
    {%- set square = ml_monitor.class_squared_error(spec) -%}
    {%- set filled_square = 'case when label is not null then ' ~ square ~ ' when ' ~ is_known ~ ' then ' ~ ml_monitor.non_negative('(' ~ squares | join(' + ') ~ ' + 1 - 2 * ' ~ filled ~ ')') ~ ' end' -%}
    {{ return({'log_loss': ml_monitor.log_loss(known, '1'), 'squared_error': filled_square if case else square}) }}
{% endmacro %}
