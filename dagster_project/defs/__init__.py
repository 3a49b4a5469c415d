"""Definitions by concern; `dagster_project.definitions` merges them."""
