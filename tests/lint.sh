#!/usr/bin/env bash
# Style of everything that is written by hand; dbt's deprecations count as errors.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="$PWD/.venv/bin"
"$bin/ruff" check .
"$bin/yamllint" --strict .
# A minute on one core each: types beside what dbt compiles.
"$bin/mypy" &
types=$!
trap 'kill "$types" 2>/dev/null || true' EXIT
[ -e dbt_project/dbt_packages/ml_monitor ] || "$bin/dbt" deps --quiet --project-dir dbt_project --profiles-dir dbt_project
"$bin/dbt" parse --quiet --no-partial-parse --show-all-deprecations --warn-error-options '{"error": ["Deprecations"]}' \
    --project-dir dbt_project --profiles-dir dbt_project --target-path target/lint
"$bin/dbt" compile --quiet --full-refresh --project-dir dbt_project --profiles-dir dbt_project --target-path target/lint > /dev/null
wait "$types"
"$bin/sqlfluff" lint --config .sqlfluff --disable-progress-bar --processes 0 dbt_project/target/lint/compiled
