{% macro confusion_statistics() %}
    {#- Agreement of predicted and actual classes, from counts per pair of classes: `confusion_statistics`, one row per cell, window and
        span, for two classes and for many. -#}
    {%- set group = 'cell, window_number, span' -%}
    {%- set tasks = ml_monitor.declared_tasks() -%}
    {%- if 'multiclass' in tasks %}
    window_pairs as (
        {{ ml_monitor.cell_counts(['predicted_class', 'actual_class'], {'n': 'sum(n)'}, 'predicted_class is not null and actual_class is not null') }}
    ),

    span_pairs as (
        {{ ml_monitor.ranked_sums('window_pairs', ['predicted_class', 'actual_class'], ['n']) }}
    ),
    {%- endif %}

    pairs as (
        {%- if 'multiclass' in tasks %}
        select {{ group }}, predicted_class, actual_class, cast(n as {{ ml_monitor.type_double() }}) as n from span_pairs
        {%- endif %}
        {{- ' union all' if 'multiclass' in tasks and 'binary' in tasks }}
        {%- if 'binary' in tasks %}
        {%- for name, (predicted, actual) in {'tp': ('1', '1'), 'fp': ('1', '0'), 'fn': ('0', '1'), 'tn': ('0', '0')}.items() %}
        select totals.cell, totals.window_number, totals.span, '{{ predicted }}' as predicted_class, '{{ actual }}' as actual_class, cast(totals.{{ name }} as {{ ml_monitor.type_double() }}) as n
        from span_totals as totals
        inner join ranked_cells as ranked
            on ranked.cell = totals.cell and ranked.window_number = totals.window_number and ranked.span = totals.span
        where totals.{{ name }} > 0 and ranked.cell = ranked.ranked_cell
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        {%- endif %}
    ),

    {{ ml_monitor.class_sums() }},

    {{ ml_monitor.class_scores() }},

    {{ ml_monitor.class_averages() }},

    {{ ml_monitor.confusion_errors() }}
{% endmacro %}


{% macro class_averages() %}
    {%- set group = 'cell, window_number, span' -%}
    confusion_totals as (
        {#- As scikit-learn does: the mean of all classes that were predicted or happened, 0 where a class has no precision or recall. `_gain` is
            what a row that is no class's false alarm adds to the mean of specificities. #}
        select {{ group }},
            sum(n_actual) as n_pairs,
            count(*) as n_classes,
            sum(case when n_actual > 0 then 1 else 0 end) as n_actual_classes,
            sum(n_both) / sum(n_actual) as agreement,
            sum(n_predicted * n_actual) / power(sum(n_actual), 2) as chance_agreement,
            sum(n_predicted * n_predicted) / power(sum(n_actual), 2) as predicted_concentration,
            sum(n_actual * n_actual) / power(sum(n_actual), 2) as actual_concentration,
            sum(n_actual) * sum((1 - class_specificity) / n_others) as macro_specificity_gain,
            sum(n_actual * (1 - class_specificity) / n_others) as weighted_specificity_gain,
            {%- for score in ['precision', 'recall', 'f1', 'f_beta', 'specificity'] %}
            avg(class_{{ score }}) as macro_{{ score }},
            sum(n_actual * class_{{ score }}) / sum(n_actual) as weighted_{{ score }},
            {%- endfor %}
            avg(case when n_actual > 0 then class_recall end) as balanced_accuracy
        from class_scores
        group by {{ group }}
    ),

    {#- Where either margin has one class only, rounding leaves a 0 that is not quite 0. #}
    agreements as (
        select confusion_totals.*,
            case when chance_agreement < 1 - 1e-12 then (agreement - chance_agreement) / (1 - chance_agreement) end as cohen_kappa,
            case when predicted_concentration < 1 - 1e-12 and actual_concentration < 1 - 1e-12
                then (agreement - chance_agreement) / sqrt((1 - predicted_concentration) * (1 - actual_concentration)) end as mcc
        from confusion_totals
    )
{%- endmacro %}


{% macro unseen_classes() %}
    {#- Labels of a class that the model never predicted in the reference: it cannot know them. Nothing is said without a reference. -#}
    known_classes as (
        select bins.monitor, bins.category
        from {{ ref('ml_monitor__reference_bins') }} as bins
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = bins.monitor and monitors.edge_set_id = bins.edge_set_id
        where bins.feature = '__prediction__' and bins.segment = '__all__' and bins.category is not null
    ),

    unseen_classes as (
        select class_sums.cell, class_sums.window_number, class_sums.span,
            sum(class_sums.n_actual) as n_known_labels,
            sum(case when known_classes.category is null then class_sums.n_actual else 0 end) as n_unseen_labels
        from class_sums
        inner join cells on cells.cell = class_sums.cell
        left join known_classes on known_classes.monitor = cells.monitor and known_classes.category = class_sums.class
        where cells.monitor in (select monitor from known_classes)
        group by class_sums.cell, class_sums.window_number, class_sums.span
    )
{%- endmacro %}
