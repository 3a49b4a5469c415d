{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{{ ml_monitor.union_monitors('outcome_profile', ['monitor', 'model_version', 'segment', 'segment_value', 'window_start', 'window_number', 'label_age', 'outcome']
    + ml_monitor.all_outcome_keys().keys() | list + ['n', 'n_feedback'] + ml_monitor.outcome_measure_names() + ['labelled_until', 'outcome_spec_id', 'updated_at']) }}
