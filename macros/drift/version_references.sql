{#- A reference of its own for each model version: `{first: 28, per: model_version}` or a period with `per`. Bins are the same for all versions;
    what a version's reference holds in them is summed from its windows in the profile, so no log is read again. -#}

{% macro version_references() %}
    {#- The monitors whose versions have references of their own. -#}
    {{ return(ml_monitor.monitors() | selectattr('reference.per', 'defined') | list) }}
{% endmacro %}


{% macro version_bins() %}
    {#- CTEs `version_stretches`, the windows that make each version's reference, and `version_bins`, what they hold. Nothing without such monitors. -#}
    {%- set own = ml_monitor.version_references() -%}
    {%- if own %}
    version_stretches as (
        {%- for spec in own %}
        select monitor, model_version, {{ ml_monitor.version_stretch(spec) }}
        from {{ ref(project_name, spec.name ~ '__feature_profile') }}
        where edge_set_id = '{{ spec.edge_set_id }}' and feature = '__all__' and segment = '__all__' and bin = {{ ml_monitor.bin_codes().total }}
        group by monitor, model_version
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    version_bins as (
        select profile.monitor, profile.model_version, profile.segment, profile.segment_value, profile.feature, profile.bin,
            sum(cast(profile.n as {{ ml_monitor.type_double() }})) as n, sum(profile.n_valid) as n_valid, sum(profile.value_sum) as value_sum,
            sum(profile.value_sum_squares) as value_sum_squares
        from {{ ref('ml_monitor__feature_profiles') }} as profile
        inner join {{ ref('ml_monitor__monitors') }} as monitors on monitors.monitor = profile.monitor and monitors.edge_set_id = profile.edge_set_id
        inner join version_stretches as stretches
            on stretches.monitor = profile.monitor
            and stretches.model_version = profile.model_version
            and profile.window_number between stretches.first_number and stretches.last_number
        inner join {{ ref('ml_monitor__windows') }} as windows
            on windows.monitor = profile.monitor
            and windows.window_number = profile.window_number
            and not windows.is_excluded
        where profile.feature <> '__all__'
        group by profile.monitor, profile.model_version, profile.segment, profile.segment_value, profile.feature, profile.bin
    ),
    {%- endif %}
{%- endmacro %}


{% macro version_stretch(spec) %}
    {#- First and last window of a version's reference: those of the period, or as many from the version's first. -#}
    {%- set ends = [] -%}
    {%- if spec.reference.first is defined -%}
    min(window_number) as first_number, min(window_number) + {{ spec.reference.first - 1 }} as last_number
    {%- else -%}
        {%- for end in [spec.reference.from, spec.reference.to] -%}
            {%- do ends.append(ml_monitor.window_number_of("cast('" ~ end ~ "' as timestamp)", spec.window, spec.timezone)) -%}
        {%- endfor -%}
    {{ ends[0] }} as first_number, {{ ends[1] }} - 1 as last_number
    {%- endif -%}
{%- endmacro %}


{% macro reference_of_version(cell, own_references) %}
    {#- Columns of a cell: the version whose reference it is compared with, and the last window of that reference if it is made of windows. -#}
    {%- if own_references -%}
    case when stretches.monitor is null then '__all__' else {{ cell }}.model_version end as reference_version, stretches.last_number as reference_until
    {%- else -%}
    '__all__' as reference_version, cast(null as bigint) as reference_until
    {%- endif -%}
{%- endmacro %}
