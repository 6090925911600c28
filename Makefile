# `make demo` shows it working, `make test` proves it, `make test-clients` runs it with other people's programs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATABASE ?= demo.duckdb
OLDEST_DUCKDB := 1.5.5
OLDEST_DUCKDB_DIR := build/duckdb-$(OLDEST_DUCKDB)
CLIENTS := pyairbyte source-faker tools
interpreter = $(firstword $(wildcard $(HOME)/.pyenv/versions/$1.*/bin/python) $(shell command -v python$1))
PYTHONS = $(foreach version,3.10 3.11 3.12 3.13,$(if $(call interpreter,$(version)),$(version)))
TESTS := unit_tests integration_tests
COMPILE := uv pip compile --quiet --universal --python-version 3.10 --generate-hashes
INSTALL_FAKETIME := apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends faketime >/dev/null
INSTALL_CHROMIUM := apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
UV := build/uv/bin/uv
# A test that waits leaves room for another, so there are more workers than cores. Modules are given out in order, and
# the long ones come first. A test that fails is run once more, because real processes run on shared machines, which may
# stall for seconds; the summary lists it as RERUN. Call pytest itself to see a test fail the first time.
PYTEST := $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --reruns 1
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call install,python,lock file). The lock files are complete. uv installs them in a third of pip's time; pip does where
# uv can't be had, and where pip has settings that uv does not read, such as an index of your own. Without --no-deps,
# pip looks for the newest coverage[toml], which has no hash there.
install = { test -x $(UV) && $(UV) pip install --quiet --python $1 --no-deps --require-hashes --compile-bytecode -r $2; } || \
	$1 -m pip install --quiet --no-deps --require-hashes -r $2

define environment
$(PYTHON) -m venv --clear $(@D)
$(call install,$(@D)/bin/python,$<)
touch $@
endef

.PHONY: demo test lint types tests test-unit tests-oldest-duckdb test-clients test-pythons audit bench release format lock clean chromium pictures test-dates test-clocks faketime

$(VENV)/installed: pyproject.toml requirements/dev.txt | $(UV)
	$(PYTHON) -m venv $(VENV)
	$(call install,$(BIN)/python,requirements/dev.txt)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(UV): requirements/uv.txt
	@$(PYTHON) -m venv --clear build/uv && build/uv/bin/python -m pip install --quiet --require-hashes -r $< || \
	echo "no uv: pip installs"

demo: $(VENV)/installed
	$(BIN)/mixpanel-to-duckdb demo $(DATABASE)

test: lint types tests test-dates tests-oldest-duckdb

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/installed
	$(BIN)/mypy

tests: $(VENV)/installed chromium
	$(PYTEST) integration_tests unit_tests --cov

# What every system can run.
test-unit: $(VENV)/installed
	$(PYTEST) -q unit_tests

# Tests look at the report in Chromium. Where there is none and none can be installed they are skipped, and say so.
chromium:
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	{ test "$$(id -u)" = 0 && command -v apt-get && timeout 300 sh -c '$(INSTALL_CHROMIUM)'; } || \
	echo "no Chromium: the tests that need one will be skipped"

# Tests that look at dates, once more under other clocks: midnight in UTC passes while they run; a leap day, far from UTC.
# $(call at_clock,time) sets the same offset for all processes, in the environment: the memory that libfaketime's command
# shares has a lock that a killed process keeps, see faked_clock/sitecustomize.py. What only measures durations is left.
at_clock = LD_PRELOAD="$$(faketime -m now printenv LD_PRELOAD)" \
	FAKETIME=+$$(( $$(date -d '$1' +%s) - $$(date +%s) )) \
	PYTHONPATH=$(CURDIR)/integration_tests/faked_clock DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
DATE_TESTS := $(PYTEST) -q -m dates $$(grep -rl --include=*.py "pytest[.]mark[.]dates" $(TESTS))

test-dates: $(VENV)/installed faketime
	@if faketime now true 2>/dev/null; then set -ex; \
		export TZ=UTC; $(call at_clock,2027-02-28 23:59:30) $(DATE_TESTS); \
		export TZ=Pacific/Auckland; $(call at_clock,2028-02-29 00:01:00) $(DATE_TESTS); \
	fi

# The whole suite under the same two clocks.
test-clocks: $(VENV)/installed faketime
	export TZ=UTC; $(call at_clock,2027-02-28 23:58:00) $(PYTEST) -q integration_tests unit_tests
	export TZ=Pacific/Auckland; $(call at_clock,2028-02-29 00:01:00) $(PYTEST) -q integration_tests unit_tests

faketime:
	@command -v faketime || \
	{ test "$$(id -u)" = 0 && command -v apt-get && timeout 300 sh -c '$(INSTALL_FAKETIME)'; } || \
	echo "no faketime: the tests under other clocks are skipped"

# The README's pictures, by the real command.
pictures: $(VENV)/installed chromium
	$(BIN)/python -m docs.make_pictures

# The destination also supports DuckDB $(OLDEST_DUCKDB): what depends on the version runs once more against it: tables, merges,
# types, and kills. Of these one at a commit and one at a checkpoint in each mode, and one of a refresh: the others differ
# in their moment alone.
OLDEST_TESTS := $(addprefix unit_tests/destination/,database loading values test_identifiers.py) \
	$(addprefix integration_tests/destination/test_,destination_cases.py object_type.py odd_values.py)
OLDEST_KILLS := $(addprefix integration_tests/destination/test_kills.py::test_write_when_,\
	killed_at_a_commit[commit-5-append] killed_at_a_commit[commit-5-dedup] \
	killed_at_a_commit[checkpoint-1-append] killed_at_a_commit[checkpoint-1-dedup] a_refresh_is_killed[0])
tests-oldest-duckdb: $(VENV)/installed $(OLDEST_DUCKDB_DIR)
	PYTHONPATH=$(OLDEST_DUCKDB_DIR) $(PYTEST) -q $(foreach test,$(OLDEST_KILLS),"$(test)") $(OLDEST_TESTS)

$(OLDEST_DUCKDB_DIR): $(VENV)/installed
	$(BIN)/python -m pip install --quiet --no-deps --target $@ duckdb==$(OLDEST_DUCKDB)

# Other people's programs, each in an environment of its own: PyAirbyte, Airbyte's source-faker, a linter of Dockerfiles.
test-clients: $(VENV)/installed $(patsubst %,build/clients/%/installed,$(CLIENTS) source-image destination-image wheel)
	$(BIN)/pytest -n 2 --dist loadfile client_tests

build/clients/%/installed: requirements/clients/%.txt | $(UV)
	$(environment)

# The package as a user gets it: the newest versions that its ranges allow, whatever the lock file says.
build/clients/wheel/installed: pyproject.toml $(VENV)/installed
	$(PYTHON) -m venv --clear $(@D)
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir $(@D) .
	$(@D)/bin/python -m pip install --quiet $(@D)/*.whl
	touch $@

build/clients/source-image/installed: requirements/source.txt | $(UV)
	$(environment)

build/clients/destination-image/installed: destination_duckdb/requirements.txt | $(UV)
	$(environment)

# Known vulnerabilities of every locked version. Needs the advisories of the package index: --strict fails without them,
# where pip-audit alone would find nothing and end well.
audit: build/clients/tools/installed
	for file in requirements/dev.txt requirements/clients/*.txt destination_duckdb/requirements.txt; do \
		build/clients/tools/bin/pip-audit --strict --disable-pip --require-hashes --requirement $$file || failed=1; \
	done; exit $${failed:-0}

# The tests once more on each supported Python that the machine has, pyenv's or another.
test-pythons: $(PYTHONS:%=test-python-%)
	@echo "Tested on Python $(or $(PYTHONS),none: there is no supported one here)"; test -n "$(PYTHONS)"

.PRECIOUS: build/pythons/%/installed
test-python-%: build/pythons/%/installed
	build/pythons/$*/bin/pytest -n 2 --dist loadfile $(TESTS)

build/pythons/%/installed: pyproject.toml requirements/dev.txt | $(UV)
	$(call interpreter,$*) -m venv --clear $(@D)
	$(call install,$(@D)/bin/python,requirements/dev.txt)
	$(@D)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Every figure of the README, measured anew on this machine, in about a quarter of an hour: let nothing else run.
bench: $(VENV)/installed build/clients/pyairbyte/installed build/clients/benchmarks/installed
	$(BIN)/python -m benchmarks

# The wheel and the source distribution of this version, checked, in dist/. Nothing is uploaded and nothing tagged.
release: $(VENV)/installed build/clients/tools/installed
	@test "$$($(BIN)/mixpanel-to-duckdb --version)" = "mixpanel-to-duckdb, version $(VERSION)" || \
		{ echo "$(BIN) holds another version than pyproject.toml's $(VERSION): run make clean and make lint"; exit 1; }
	@grep -q '^## $(VERSION) – [0-9-]*$$' CHANGELOG.md || \
		{ echo 'CHANGELOG.md has no entry "## $(VERSION) – date": write it'; exit 1; }
	@! grep -q '^## Unreleased' CHANGELOG.md || \
		{ echo "CHANGELOG.md has an entry Unreleased: give it a version and its date, and raise pyproject.toml's"; exit 1; }
	@test -z "$$(git tag --list 'v$(VERSION)')" || \
		{ echo "v$(VERSION) is tagged already: raise the version in pyproject.toml"; exit 1; }
	rm -rf dist
	$(BIN)/hatchling build
	build/clients/tools/bin/twine check --strict dist/*

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs uv; writes exact versions with hashes for every supported Python. The images' versions are those of dev.txt.
lock:
	$(COMPILE) --no-emit-package mixpanel-to-duckdb --extra dev --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/source.txt requirements/source.in
	$(COMPILE) --constraint requirements/dev.txt --output-file destination_duckdb/requirements.txt requirements/destination.in
	$(COMPILE) --output-file requirements/uv.txt requirements/uv.in
	for client in $(CLIENTS) benchmarks; do \
		$(COMPILE) --output-file requirements/clients/$$client.txt requirements/clients/$$client.in || exit; \
	done

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .coverage* demo.duckdb
