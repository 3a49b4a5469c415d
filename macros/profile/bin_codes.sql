{% macro bin_codes() %}
    {#- Value bins are 1, 2, …; what is not a value has a code of its own, so that nothing is dropped. -#}
    {{ return({
        'total': 0,
        'missing': -1,
        'invalid': -2,
        'unseen': -3,
        'other': -4,
        'duplicate': -5,
        'untimely': -6,
        'late': -7,
        'frequent_value': -8,
        'kept_segment': -9,
    }) }}
{% endmacro %}
