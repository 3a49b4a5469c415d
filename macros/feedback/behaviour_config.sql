{#- What `behaviour` of a monitor may say: `true`, or the column that holds the request, and business figures to lay beside the model's windows. -#}

{% macro _validate_behaviour(name, spec) %}
    {%- if spec.behaviour is not none and spec.behaviour is not sameas false and spec.behaviour is not sameas true -%}
        {%- do ml_monitor._validate_mapping(name, 'behaviour', spec.behaviour, ['request_id', 'raters', 'kpis', 'lags']) -%}
        {%- if spec.behaviour.get('request_id') is not none and spec.behaviour.request_id is not string -%}
            {%- do ml_monitor._config_error(name, 'behaviour.request_id', 'must be a column of the prediction log') -%}
        {%- endif -%}
        {%- do ml_monitor._validate_whole_number(name, 'behaviour.raters', spec.behaviour.get('raters', 20), 2, 200) -%}
        {%- do ml_monitor._validate_whole_number(name, 'behaviour.lags', spec.behaviour.get('lags', 7), 0, 60) -%}
        {%- for kpi, options in spec.behaviour.get('kpis', {}).items() -%}
            {%- do ml_monitor._validate_kpi(name, kpi, options, spec) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if spec.behaviour and 'score_band' in ml_monitor._resolve_segments(spec.segments).segments -%}
        {%- do ml_monitor._config_error(name, 'segments', 'score_band is the name that behaviour gives to bands of the score') -%}
    {%- endif -%}
{% endmacro %}


{% macro _validate_kpi(name, kpi, options, spec) %}
    {%- set key = 'behaviour.kpis.' ~ kpi -%}
    {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', kpi | string) -%}
        {%- do ml_monitor._config_error(name, key, 'must have a name of lower case letters, digits and underscores, starting with a letter') -%}
    {%- elif kpi in ml_monitor.metric_catalogue() | map(attribute='metric') or kpi in spec.metrics -%}
        {%- do ml_monitor._config_error(name, key, 'is the name of a metric') -%}
    {%- endif -%}
    {%- do ml_monitor._validate_mapping(name, key, options, ['relation', 'at', 'value', 'aggregate', 'direction', 'description']) -%}
    {%- for option in ['relation', 'at', 'value'] if options.get(option) is not string or not options[option] -%}
        {%- do ml_monitor._config_error(name, key ~ '.' ~ option, 'is required, as text', ['{relation: a_model, at: its time, value: its number, direction: down}']) -%}
    {%- endfor -%}
    {%- do ml_monitor._validate_choice(name, key ~ '.aggregate', options.get('aggregate', 'sum'), ['sum', 'mean']) -%}
    {%- do ml_monitor._validate_choice(name, key ~ '.direction', options.get('direction', 'both'), ['up', 'down', 'both']) -%}
{% endmacro %}


{% macro _resolved_behaviour(spec) %}
    {%- if not spec.behaviour -%}{{ return(none) }}{%- endif -%}
    {%- set declared = {} if spec.behaviour is sameas true else spec.behaviour -%}
    {%- set kpis = {} -%}
    {%- for kpi, options in declared.get('kpis', {}).items() -%}
        {%- do kpis.update({kpi: dict({'aggregate': 'sum', 'direction': 'both', 'description': none}, **options)}) -%}
    {%- endfor -%}
    {{ return({'request_id': declared.get('request_id'), 'raters': declared.get('raters', 20), 'lags': declared.get('lags', 7), 'kpis': kpis}) }}
{% endmacro %}


{% macro any_kpis() %}
    {#- Without a business figure their models are not built. -#}
    {%- set declared = [] -%}
    {%- for spec in ml_monitor.monitors() if spec.behaviour and spec.behaviour.kpis -%}{%- do declared.append(spec.name) -%}{%- endfor -%}
    {{ return(declared | length > 0) }}
{% endmacro %}


{% macro kpi_catalogue(spec) %}
    {#- The business figures of a monitor as entries of the metric catalogue. -#}
    {% set entries = [] %}
    {% for kpi, options in ((spec.behaviour or {}).get('kpis', {}) if spec.behaviour is mapping else {}).items() %}
        {% set breaches = {'up': 'above', 'down': 'below', 'both': 'both'}[options.get('direction', 'both')] %}
        {% do entries.append(dict(ml_monitor._metric(kpi, 'business', 'custom', breaches, options.get('aggregate', 'sum') ~ ' of ' ~ options.value ~ ' in ' ~ options.relation, [spec.task]), description=options.get('description'))) %}
    {% endfor %}
    {{ return(entries) }}
{% endmacro %}


{% macro _behaviour_metrics() %}
    {#- What people do with predictions. `breaches` is the side that usually asks for a look, not a judgement. -#}
    {%- set metrics = [] -%}
    {%- for metric, unit, breaches, formula in [
        ('acceptance_rate', 'share', 'below', 'decided predictions whose decision is the prediction / decided predictions (approved or corrected)'),
        ('override_rate', 'share', 'above', 'decided predictions whose decision is another / decided predictions'),
        ('correction_rate', 'share', 'above', 'predictions with a correction / predictions'),
        ('disagreement_rate', 'share', 'above', 'predictions on which people differ / predictions that two or more judged'),
        ('decision_time', 'seconds', 'above', 'mean of first decision minus prediction'),
        ('decision_time_p50', 'seconds', 'above', 'median of first decision minus prediction, from bins 10 % wide'),
        ('click_through_rate', 'share', 'below', 'predictions with a click / predictions'),
        ('requery_rate', 'share', 'above', 'predictions with a re-query / predictions'),
        ('abandonment_rate', 'share', 'above', 'predictions with an abandonment / predictions'),
        ('complaint_rate', 'share', 'above', 'predictions with a complaint / predictions'),
        ('dwell_time', 'seconds', 'below', 'mean of the dwell events'),
        ('dwell_time_p50', 'seconds', 'below', 'median of the dwell events, from bins 10 % wide'),
        ('thumb_up_rate', 'share', 'below', 'thumbs up / thumbs'),
        ('rating', 'points', 'below', 'mean rating, 0 to 100'),
        ('feedback_rate', 'share', 'below', 'predictions with any feedback / predictions'),
        ('unknown_feedback_rate', 'share', 'above', 'feedback about predictions that are not in the log / feedback, by time of arrival'),
        ('clock_skew_rate', 'share', 'above', 'feedback with a time after its arrival or before its prediction / feedback about known predictions'),
        ('wrong_acceptance_rate', 'share', 'above', 'accepted / decided, of predictions that turned out wrong'),
        ('right_override_rate', 'share', 'above', 'overridden / decided, of predictions that turned out right'),
        ('automation_bias_index', 'ratio', 'above', 'P(accepted | wrong) / P(accepted | right)'),
        ('annotator_kappa', 'share', 'below', 'Cohen kappa of two raters; of everyone the mean over the pairs (Light)'),
        ('fleiss_kappa', 'share', 'below', '(mean agreement of pairs of raters - sum of squared label shares) / (1 - sum of squared label shares)'),
        ('krippendorff_alpha', 'share', 'below', '1 - observed / expected disagreement: nominal for classes, interval for numbers'),
    ] -%}
        {%- do metrics.append(ml_monitor._metric(metric, 'behaviour', unit, breaches, formula, needs='behaviour')) -%}
    {%- endfor -%}
    {{ return(metrics) }}
{% endmacro %}
