{{ config(materialized='table', enabled=ml_monitor.any_monitors(), sql_header=ml_monitor.sql_header()) }}

{#- How labels arrive: the delay curve and its uncertainty, per counted quantity. -#}

with

{{ ml_monitor.label_triangle() }},

{{ ml_monitor.chain_ladder() }}

select monitor, quantity, label_age, volume, factor, n_windows, variance, tail, development_share, process_variance, parameter_variance
from delays
