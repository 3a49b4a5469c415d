{{ config(materialized='table', enabled=ml_monitor.any_monitors() and ml_monitor.repeats_ctes()) }}

{#- A CTE of the drift models, as a table where a warehouse would compute it once per reader: see `drift_counts`. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.look_back') }},

{{ ml_monitor.declared_bins() }},

cells as (
    select * from {{ ref('ml_monitor__drift_cells') }}
),

cell_counts as (
    select * from {{ ref('ml_monitor__drift_cell_counts') }}
),

{{ ml_monitor.drift_axis() }},

{{ ml_monitor.stretch_counts() }}

select * from stretched_bins
