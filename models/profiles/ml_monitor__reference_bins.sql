{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{%- set columns = [
    'monitor', 'edge_set_id', 'segment', 'segment_value', 'feature', 'feature_type', 'bin', 'bin_kind', 'lower_bound', 'upper_bound',
    'category', 'n', 'centre', 'clip_low', 'clip_high', 'robust_deviation', 'value_sum', 'value_sum_squares', 'value_min', 'value_max', 'n_valid', 'frozen_at', 'updated_at',
] %}
{%- set is_bin = 'bin not in (' ~ ml_monitor.bin_codes().frequent_value ~ ', ' ~ ml_monitor.bin_codes().kept_segment ~ ')' %}

{{ ml_monitor.union_monitors('reference', columns, where=is_bin) }}
{{- ml_monitor.and_labels('label_reference', columns, where=is_bin) }}
