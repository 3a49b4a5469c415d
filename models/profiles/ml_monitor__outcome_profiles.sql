{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{{ ml_monitor.union_monitors('outcome_profile', [
    'monitor', 'model_version', 'segment', 'segment_value', 'window_start', 'window_number', 'label_age', 'outcome', 'score', 'prediction',
    'label', 'n', 'n_feedback', 'sum_score', 'sum_squared_error', 'sum_fourth_error', 'sum_log_loss', 'sum_squared_log_loss', 'sum_error',
    'sum_absolute_error', 'sum_label', 'sum_squared_label', 'labelled_until', 'updated_at',
]) }}
