{% test metric_within(model, monitor, metric, minimum=none, maximum=none, span=1, feature=none) %}
    {#- Fails when the newest value of a metric lies outside [minimum, maximum]: drift over a limit, accuracy under one,
        labels that do not arrive. What needs labels is looked at where they are due: label_delay windows back. Put it on a
        model of your own, such as <monitor>__feature_profile. -#}
    {%- if minimum is none and maximum is none -%}
        {{ exceptions.raise_compiler_error("ml_monitor: test metric_within of '" ~ metric ~ "' needs minimum, maximum or both") }}
    {%- endif %}
    {%- do ml_monitor.check_test_arguments(monitor, metric, span, feature) %}
    {%- set spec = ml_monitor.monitor(monitor) -%}
    {%- set due = ml_monitor.add_windows(spec.label_delay, 'window_end', spec.window, spec.timezone) %}
    with

    judged as (
        select feature, window_start, metric_value, sample_size,
            row_number() over (partition by feature order by window_start desc) as recency
        from {{ ref('ml_monitor', 'ml_monitor__metric_values') }}
        where monitor = {{ ml_monitor.literal(monitor) }}
            and metric = {{ ml_monitor.literal(metric) }}
            and span = {{ span | int }}
            and model_version = '__all__'
            and segment = '__all__'
            and (not {{ ml_monitor.needs_labels() }} or {{ due }} <= {{ ml_monitor.monitoring_now() }})
            {{ 'and feature = ' ~ ml_monitor.literal(feature) if feature }}
    )

    select feature, window_start, metric_value, sample_size
    from judged
    where recency = 1
        and (
            {{ 'metric_value < ' ~ (minimum | float) if minimum is not none else '1 = 0' }}
            or {{ 'metric_value > ' ~ (maximum | float) if maximum is not none else '1 = 0' }}
        )
{% endtest %}
