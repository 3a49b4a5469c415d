{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Rows of the profile that are no bins: kept out of ml_monitor__feature_profiles, so that no sum over bins meets them. -#}

{{ ml_monitor.union_monitors('feature_profile', [
    'monitor', 'edge_set_id', 'feature', 'window_start', 'window_number', 'value_min as frequent_value', 'n', 'n_valid as n_sampled', 'updated_at',
], where='bin = ' ~ ml_monitor.bin_codes().frequent_value) }}
