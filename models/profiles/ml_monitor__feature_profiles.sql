{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{%- set columns = [
    'monitor', 'edge_set_id', 'model_version', 'segment', 'segment_value', 'feature', 'window_start', 'window_number', 'bin', 'category', 'n',
    'value_sum', 'value_sum_squares', 'value_min', 'value_max', 'n_below', 'n_above', 'n_valid', 'n_out_of_bounds', 'predicted_until', 'loaded_until', 'updated_at',
] %}

{{ ml_monitor.union_monitors('feature_profile', columns, where='bin <> ' ~ ml_monitor.bin_codes().frequent_value) }}
{{- ml_monitor.and_labels('label_profile', columns, where='bin <> ' ~ ml_monitor.bin_codes().frequent_value) }}
