{{ config(**dict(ml_monitor.metric_config(), enabled=ml_monitor.any_monitors() and ml_monitor.repeats_ctes())) }}

{#- A CTE of `ml_monitor__performance`, as a table where a warehouse would compute it once per metric. -#}

with

{{ ml_monitor.stale_windows(ref('ml_monitor__outcome_profiles'), 'monitors.longest_span') }},

{{ ml_monitor.stale_spans() }},

{{ ml_monitor.outcome_step('totals') }}

select totals.*, stale_windows.window_start, stale_windows.metric_spec_id, stale_windows.source_updated_at
from totals
inner join stale_windows
    on stale_windows.monitor = totals.monitor
    and stale_windows.window_number = totals.window_number
