{% macro outcome_statistics(steps=none) %}
    {#- CTEs of what performance is computed from, for the declared tasks. -#}
{%- set tasks = ml_monitor.declared_tasks() -%}
{{ ml_monitor.span_outcomes(steps) }}

{%- if 'binary' in tasks %},

{{ ml_monitor.rank_statistics() }}
{%- endif %}
{%- if 'binary' in tasks or 'multiclass' in tasks %},

{{ ml_monitor.confusion_statistics() }}
{%- endif %}
{%- if 'multiclass' in tasks %},

{{ ml_monitor.class_agreements() }},

{{ ml_monitor.class_agreement_averages() }},

{{ ml_monitor.class_ranks() }},

{{ ml_monitor.class_rank_averages() }},

{{ ml_monitor.frequent_classes() }},

{{ ml_monitor.unseen_classes() }}
{%- endif %}
{%- if 'regression' in tasks %},

{{ ml_monitor.error_quantiles() }}
{%- endif %}
{%- if 'ranking' in tasks %},

{{ ml_monitor.item_coverage() }}
{%- endif %}
{%- endmacro %}
