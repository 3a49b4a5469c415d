{{ config(materialized='table', enabled=ml_monitor.any_monitors() and ml_monitor.repeats_ctes()) }}

{#- A CTE of the drift models, as a table where a warehouse would compute it once per reader: see `drift_counts`. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__feature_profiles'), 'monitors.look_back') }},

{{ ml_monitor.declared_bins() }},

{{ ml_monitor.drift_profiles() }},

{{ ml_monitor.drift_cells() }}

select * from cells
