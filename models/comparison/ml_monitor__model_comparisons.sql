{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{{ ml_monitor.union_declared('comparison', 'model_comparison', {
    'monitor': 'text', 'champion': 'text', 'challenger': 'text', 'first_predicted_at': 'timestamp', 'last_predicted_at': 'timestamp', 'sample_size': 'bigint',
    'n_positive': 'bigint', 'champion_loss': 'double', 'challenger_loss': 'double', 'loss_difference': 'double', 'loss_error': 'double', 'loss_p_value': 'double',
    'champion_roc_auc': 'double', 'challenger_roc_auc': 'double', 'roc_auc_difference': 'double', 'roc_auc_error': 'double', 'roc_auc_p_value': 'double',
    'only_champion_right': 'bigint', 'only_challenger_right': 'bigint', 'mcnemar_p_value': 'double',
}) }}
