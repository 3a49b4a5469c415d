"""What SQL cannot do for a monitored model: deliver alerts, retrain, write a page. No dbt, no Dagster."""

__version__ = "0.1.0"
