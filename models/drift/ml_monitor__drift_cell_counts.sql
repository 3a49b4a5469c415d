{{ config(materialized='table', enabled=ml_monitor.any_monitors() and ml_monitor.repeats_ctes()) }}

{#- A CTE of the drift models, as a table where a warehouse would compute it once per reader: see `drift_counts`. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.look_back') }},

cells as (
    select * from {{ ref('ml_monitor__drift_cells') }}
),

{{ ml_monitor.drift_profiles() }},

{{ ml_monitor.drift_cell_counts() }}

select * from cell_counts
