{{ config(materialized='table', enabled=ml_monitor.due_monitors() != [] and ml_monitor.repeats_ctes()) }}

{#- A CTE of `ml_monitor__performance_when_due`, as a table where a warehouse would compute it once per reader. -#}

with

{{ ml_monitor.stale_outcomes_when_due() }},

{{ ml_monitor.due_outcomes() }}

select * from outcome_profiles
