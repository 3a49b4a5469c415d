{% macro drift_counts(pooled_only=false) %}
    {#- Every CTE that comparisons read, from `declared_bins` to `stretched_cells`. Where a CTE is computed once per reader, those that
        are read often come from tables: written out, the plan would have 6,000 scans. -#}
{{ ml_monitor.declared_bins() }},

{%- if ml_monitor.repeats_ctes() %}

cells as (
    select * from {{ ref('ml_monitor__drift_cells') }}
    {{ "where model_version = '__all__' and segment = '__all__'" if pooled_only }}
),

cell_counts as (
    select * from {{ ref('ml_monitor__drift_cell_counts') }}
),

{{ ml_monitor.drift_axis() }},

stretched_bins as (
    select * from {{ ref('ml_monitor__drift_bin_counts') }}
),
{%- else %}

{{ ml_monitor.drift_profiles(pooled_only) }},

{{ ml_monitor.drift_cells(pooled_only) }},

{{ ml_monitor.drift_cell_counts(pooled_only) }},

{{ ml_monitor.drift_axis() }},

{{ ml_monitor.stretch_counts() }},
{%- endif %}

{{ ml_monitor.stretch_sizes() }}
{%- endmacro %}
