{{ config(materialized='view', enabled=ml_monitor.any_multivariate()) }}

{{ ml_monitor.union_monitors('feature_moments', [
    'monitor', 'moment_set_id', 'part', 'model_version', 'window_start', 'window_number', 'i', 'j', 'n_rows', 'product_sum', 'profiled_at', 'updated_at',
], ml_monitor.multivariate_monitors() | map(attribute='name') | list) }}
