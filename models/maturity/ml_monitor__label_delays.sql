{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- How labels arrive: the delay curve and its uncertainty, per counted quantity. -#}

with

{{ ml_monitor.label_triangle() }},

{{ ml_monitor.chain_ladder() }}

select monitor, quantity, label_age, next_age, volume, factor, n_windows, variance, tail, development_share, process_variance, parameter_variance
from delays
