{#- What `review` of a monitor may say: how many predictions a day people are asked about, and which. -#}

{% macro _validate_review(name, spec) %}
    {%- if spec.review -%}
        {%- set allowed = ['budget', 'exploration', 'strategy', 'windows', 'stratify', 'weights'] -%}
        {%- do ml_monitor._validate_mapping(name, 'review', spec.review, allowed) -%}
        {%- if spec.task == 'ranking' -%}
            {%- do ml_monitor._config_error(name, 'review', 'does not fit task ranking') -%}
        {%- elif spec.window == 'chunk' -%}
            {%- do ml_monitor._config_error(name, 'review', 'needs windows of time, not of rows') -%}
        {%- elif not spec.labels -%}
            {%- do ml_monitor._config_error(name, 'review', 'needs labels: what reviewers answer becomes labels, and what has one is not asked again', ['labels: {sources: {reviewers: {}}}']) -%}
        {%- endif -%}
        {%- do ml_monitor._validate_whole_number(name, 'review.budget', spec.review.budget, 1, 1000000) -%}
        {#- the draw is made once a day: hours that it does not reach are in none #}
        {%- do ml_monitor._validate_whole_number(name, 'review.windows', spec.review.get('windows', ml_monitor._review_windows(spec)), 24 if spec.window == 'hour' else 1, 400) -%}
        {%- do ml_monitor._validate_weight(name, 'review.exploration', spec.review.get('exploration', 0.2)) -%}
        {%- do ml_monitor._validate_review_strategy(name, spec) -%}
        {%- set stratify = spec.review.get('stratify') -%}
        {%- set strata = ['score'] + ml_monitor._resolve_segments(spec.segments).segments -%}
        {%- if stratify is not none -%}{%- do ml_monitor._validate_choice(name, 'review.stratify', stratify, strata) -%}{%- endif -%}
        {%- do ml_monitor._validate_mapping(name, 'review.weights', spec.review.get('weights', {}), ml_monitor.review_weights().keys() | list) -%}
        {%- for reason, weight in spec.review.get('weights', {}).items() if weight is not number or weight is boolean or weight < 0 -%}
            {%- do ml_monitor._config_error(name, 'review.weights.' ~ reason, tojson(weight) ~ ' is not a number from 0') -%}
        {%- endfor -%}
        {%- if spec.review.get('weights', {}).get('disagreement') and not spec.comparison -%}
            {%- do ml_monitor._config_error(name, 'review.weights.disagreement', 'needs comparison: {on: a column}, which says what several versions predicted') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro _validate_review_strategy(name, spec) %}
    {#- A strategy needs what it is made of: all probabilities, or an interval. -#}
    {%- set strategy = spec.review.get('strategy') -%}
    {%- set strategies = {'binary': ['uncertainty', 'margin', 'entropy'], 'multiclass': ['uncertainty', 'margin', 'entropy'], 'regression': ['interval']}[spec.task] -%}
    {%- if strategy is not none -%}{%- do ml_monitor._validate_choice(name, 'review.strategy', strategy, strategies) -%}{%- endif -%}
    {%- if strategy in ['margin', 'entropy'] and spec.task == 'multiclass' and spec.scores | length < 2 -%}
        {%- do ml_monitor._config_error(name, 'review.strategy', strategy ~ ' needs scores: the column with the probability of each class') -%}
    {%- elif strategy == 'interval' and not spec.lower -%}
        {%- do ml_monitor._config_error(name, 'review.strategy', 'interval needs lower and upper') -%}
    {%- endif -%}
{% endmacro %}


{% macro review_weights() %}
    {#- What each reason adds to a priority; a reason is a number from 0 to 1. -#}
    {{ return({'uncertainty': 1, 'disagreement': 1, 'drift': 0.5, 'unseen': 0.5, 'conflict': 1, 'doubt': 0.5}) }}
{% endmacro %}


{% macro _review_windows(spec) %}
    {{ return(48 if spec.window == 'hour' else 7) }}
{% endmacro %}


{% macro _resolved_review(spec) %}
    {%- if not spec.review -%}{{ return(none) }}{%- endif -%}
    {%- set first = 'interval' if spec.task == 'regression' and spec.lower else 'none' if spec.task == 'regression' else 'uncertainty' -%}
    {{ return(dict({'exploration': 0.2, 'strategy': first, 'windows': ml_monitor._review_windows(spec), 'stratify': 'score'}, **dict(spec.review, weights=dict(ml_monitor.review_weights(), **spec.review.get('weights', {}))))) }}
{% endmacro %}


{% macro review_columns() %}
    {#- Of <monitor>__review_queue: column -> type. -#}
    {{ return({
        'monitor': 'text', 'prediction_id': 'text', 'queue_date': 'timestamp', 'place': 'bigint', 'reason': 'text', 'priority': 'double',
        'is_exploration': 'boolean', 'propensity': 'double', 'stratum': 'text', 'frame_until': 'timestamp', 'predicted_at': 'timestamp',
        'model_version': 'text', 'score': 'double', 'prediction': 'text', 'queued_at': 'timestamp',
    }) }}
{% endmacro %}
