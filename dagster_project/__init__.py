"""Dagster code location: the dbt package and the Python library as assets, sensors and jobs."""
