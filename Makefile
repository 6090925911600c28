# Two commands: `make demo` shows it working, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATABASE ?= demo.duckdb
OLDEST_DUCKDB := 1.5.5
OLDEST_DUCKDB_DIR := build/duckdb-$(OLDEST_DUCKDB)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint types tests tests-oldest-duckdb format lock clean

$(VENV)/installed: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: $(VENV)/installed
	$(BIN)/python -m mixpanel_to_duckdb.demo $(DATABASE)

test: lint types tests tests-oldest-duckdb

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/installed
	$(BIN)/mypy

tests: $(VENV)/installed
	$(BIN)/pytest -n 2 --dist loadfile --cov

# The destination also supports DuckDB $(OLDEST_DUCKDB): its tests run once more against that version.
tests-oldest-duckdb: $(VENV)/installed $(OLDEST_DUCKDB_DIR)
	PYTHONPATH=$(OLDEST_DUCKDB_DIR) $(BIN)/pytest -n 2 --dist loadfile unit_tests/destination integration_tests/destination

$(OLDEST_DUCKDB_DIR): $(VENV)/installed
	$(BIN)/python -m pip install --quiet --no-deps --target $@ duckdb==$(OLDEST_DUCKDB)

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs uv; writes exact versions with hashes for every supported Python.
lock:
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-package mixpanel-to-duckdb --extra dev --output-file requirements/dev.txt pyproject.toml

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .coverage* demo.duckdb
