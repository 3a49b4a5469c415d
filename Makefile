PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

# uv takes a fifth of pip's time, but does not read pip.conf: where it reaches no index, pip may.
define install
$(RUN)/uv pip install --quiet --python $(RUN)/python --constraint constraints.txt --editable '$(1)' || $(RUN)/pip install --quiet --constraint constraints.txt --editable '$(1)'
endef

.PHONY: demo demo-year dagster docs test lint bench clean

$(VENV)/demo: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip uv
	$(call install,.)
	touch $@

$(VENV)/dagster: $(VENV)/demo
	$(call install,.[dagster])
	touch $@

$(VENV)/dev: $(VENV)/demo
	$(call install,.[dev])
	touch $@

# April 2013: the accuracy falls, a model is trained and wins, the accuracy recovers.
WEEKS ?= 5

demo: $(VENV)/demo            ## April 2013 replayed on DuckDB: drift, alerts, a retraining, recovery; WEEKS=8: so many weeks
	cd dbt_project && ../$(RUN)/python replay.py $(WEEKS)

demo-year: $(VENV)/demo       ## the whole year: also a challenger that loses, and a bad promotion that is rolled back
	cd dbt_project && ../$(RUN)/python replay.py

dagster: $(VENV)/dagster      ## the Dagster UI on the demo's warehouse
	cd dbt_project && ../$(RUN)/python -m dagster_project.serve

test: $(VENV)/dev             ## every test
	tests/install_system_packages.sh
	$(RUN)/python -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder

lint: $(VENV)/dev             ## ruff, mypy, sqlfluff, yamllint, dbt deprecations
	tests/lint.sh

docs: $(VENV)/dev             ## the docs site in build/site; a broken link fails
	$(RUN)/python -m mkdocs build --strict

bench: $(VENV)/dev            ## figures of docs/performance.md
	$(RUN)/python -m bench

clean:
	rm -rf $(VENV) dbt_project/*.duckdb dbt_project/target dbt_project/dbt_packages dbt_project/artifacts dbt_project/report.html
