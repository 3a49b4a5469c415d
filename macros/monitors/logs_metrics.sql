{% macro logs_metrics() %}
    {#- Whether values are logged to MLflow or Weights & Biases: without it their ledger is not built. -#}
    {% set wanted = var('ml_monitor__log_metrics', []) %}
    {% set wanted = [wanted] if wanted is string else wanted or [] %}
    {% for destination in wanted if destination not in ['mlflow', 'wandb'] %}
        {{ exceptions.raise_compiler_error("ml_monitor: variable 'ml_monitor__log_metrics': " ~ destination ~ ' is not known. Allowed: mlflow, wandb.') }}
    {% endfor %}
    {{ return(wanted | length > 0) }}
{% endmacro %}
