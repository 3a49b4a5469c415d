{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{{ ml_monitor.union_monitors('reference', [
    'monitor', 'edge_set_id', 'feature', 'value_min as frequent_value', 'n', 'n_valid as n_sampled', 'frozen_at',
], where='bin = ' ~ ml_monitor.bin_codes().frequent_value) }}
