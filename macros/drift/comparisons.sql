{% macro comparisons() %}
    {#- Every way of comparing that some monitor asks for: a span with a baseline. The baseline is the frozen reference (no
        stretches) or a sum of stretches of earlier windows, each [from, to] windows back. -#}
    {%- set found = {} -%}
    {%- for spec in ml_monitor.monitors() -%}
        {%- for own in ml_monitor.monitor_comparisons(spec) -%}
            {%- set comparison = found.setdefault((own.span, own.baseline, own.stretches | string), dict(own, monitors=[])) -%}
            {%- do comparison.monitors.append(spec.name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found.values() | list) }}
{% endmacro %}


{% macro monitor_comparisons(spec) %}
    {#- Those of one monitor. Beside a frozen reference the windows just before the span are a second baseline. -#}
    {%- set comparisons = [] -%}
    {%- for span in ([1] + spec.rolling) | unique -%}
        {%- set stretches = ml_monitor.reference_stretches(spec, span) -%}
        {%- do comparisons.append({'span': span, 'baseline': 'reference', 'stretches': stretches}) -%}
        {%- if not stretches -%}
            {%- do comparisons.append({'span': span, 'baseline': 'trailing', 'stretches': [[span + spec.trailing_baseline - 1, span]]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(comparisons) }}
{% endmacro %}


{% macro reference_stretches(spec, span) %}
    {#- Of a moving reference: the stretches that a span is compared with. A season is stepped over whole, so that a span
        never meets itself. -#}
    {%- set reference = spec.reference -%}
    {%- if reference.trailing is defined -%}
        {{ return([[span + reference.trailing - 1, span]]) }}
    {%- elif reference.previous is defined -%}
        {{ return([[span * (reference.previous + 1) - 1, span]]) }}
    {%- elif reference.same_weekday is defined or reference.same_hour is defined -%}
        {%- set season = ml_monitor.season_length(spec) -%}
        {%- set step = season * ((span / season) | round(0, 'ceil') | int) -%}
        {%- set stretches = [] -%}
        {%- for back in range(1, (reference.same_weekday or reference.same_hour) + 1) -%}
            {%- do stretches.append([back * step + span - 1, back * step]) -%}
        {%- endfor -%}
        {{ return(stretches) }}
    {%- endif -%}
    {{ return([]) }}
{% endmacro %}


{% macro reference_kind(spec) %}
    {#- relation, period, first, trailing, previous, same_weekday or same_hour. -#}
    {{ return('period' if spec.reference.from is defined else (spec.reference.keys() | reject('equalto', 'per') | list)[0]) }}
{% endmacro %}


{% macro season_length(spec) %}
    {#- Windows in a day or a week. -#}
    {{ return(24 if spec.reference.same_hour is defined else {'hour': 168, 'day': 7}[spec.window]) }}
{% endmacro %}


{% macro stretches() %}
    {#- Every stretch of windows that some comparison sums, as [from, to] windows back; the spans themselves too. -#}
    {%- set found = [] -%}
    {%- for comparison in ml_monitor.comparisons() -%}
        {%- for stretch in [[comparison.span - 1, 0]] + comparison.stretches if stretch not in found -%}
            {%- do found.append(stretch) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro look_back(spec) %}
    {#- How many windows, itself included, a window's metrics depend on. -#}
    {%- set longest = [1] -%}
    {%- for comparison in ml_monitor.monitor_comparisons(spec) -%}
        {%- for from, to in [[comparison.span - 1, 0]] + comparison.stretches -%}
            {%- do longest.append(from + 1) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- A version's own reference may lie any number of windows back. -#}
    {{ return(1000000 if spec.reference.per is defined else longest | max) }}
{% endmacro %}


{% macro largest_df() %}
    {#- The most degrees of freedom that a chi-squared test of any monitor can have. -#}
    {%- set sizes = [1] -%}
    {%- for spec in ml_monitor.monitors() -%}
        {%- for variable in ml_monitor.compared_variables(spec) -%}
            {%- do sizes.append(spec.bins + 1 if variable.type == 'numeric' else spec.categories + 2) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(sizes | max) }}
{% endmacro %}
