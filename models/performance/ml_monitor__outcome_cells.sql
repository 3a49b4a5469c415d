{{ config(materialized='table', enabled=ml_monitor.any_monitors() and ml_monitor.repeats_ctes()) }}

{#- CTEs of `ml_monitor__performance`, as a table where a warehouse would compute them once per reader. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__outcome_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.outcome_step('cells') }}

select * from cells
