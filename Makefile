# Each target does its own set-up. Requires make, and Python 3.11 or later with venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# One more than there are cores: much of the time, tests wait for processes and for time to pass.
WORKERS ?= $(shell expr $$(nproc) + 1)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links pyproject.toml

# Tests start some three hundred processes. Without bytecode, each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

EVENTS ?= 1000000

.PHONY: help serve unit test check format bench bench-large bench-peers soak nightly lock clean

help: ## Show the available targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 13

serve: $(VENV)/.serve ## Start the service, with a private PostgreSQL unless LEADLEDGER_DATABASE_URL is set.
	@$(BIN)/leadledger serve

unit: $(VENV)/.develop ## Run the tests that touch nothing outside their process: half a minute.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/unit

test: $(VENV)/.develop ## Run all tests: about nine minutes on two cores.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/.develop ## Run every check required before a commit: format, lint, types, imports, tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(VENV)/.develop ## Format the code and apply automatic fixes.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.develop ## Measure the promised speeds, each next to its baseline.
	$(BIN)/python -m tests.bench

bench-large: $(VENV)/.develop ## Compare a log of EVENTS (1000000 by default: half an hour) with one of 10,000.
	$(BIN)/python -m tests.bench --only growth --large-log $(EVENTS)

bench-peers: $(VENV)/.develop $(VENV)-peers/.ready ## Compare with other event stores: ten minutes.
	$(BIN)/python -m tests.bench.peers --peers $(VENV)-peers/bin/python $(PEERS)

soak: $(VENV)/.develop ## Kill every part of the service under load, and cut its connections: 30 minutes.
	$(BIN)/python -m tests.safety.soak

nightly: $(VENV)/.develop ## Run the long fuzzing and fault tests: several hours, at most five.
	LEADLEDGER_TEST_TIER=nightly $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
		-o timeout=3600 --session-timeout=18000

lock: $(VENV)/.develop ## Lock the newest versions that pyproject.toml allows, with hashes.
	$(LOCK) --group build -o requirements.txt --upgrade
	$(LOCK) --group build --group dev -c requirements.txt -o requirements-dev.txt

clean: ## Remove everything that the other targets created, except data.
	rm -rf $(VENV) $(VENV)-peers tests/clients/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "leadledger needs Python 3.11 or later; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: $(BIN)/python requirements.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.develop: $(VENV)/.serve requirements-dev.txt
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# Other event stores and what they need, apart from what the tests need.
$(VENV)-peers/.ready: tests/bench/peers/requirements.txt
	$(PYTHON) -m venv $(VENV)-peers
	$(VENV)-peers/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@
