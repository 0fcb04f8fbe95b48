# Each target does all of its own set-up: it needs Python 3.11 or later with venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= auto
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links pyproject.toml

.PHONY: help serve unit test check format bench soak lock clean

help: ## Show what can be made.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

serve: $(VENV)/.serve ## Start the service, with a private PostgreSQL unless LEADLEDGER_DATABASE_URL is set.
	@$(BIN)/leadledger serve

unit: $(VENV)/.develop ## Run the tests that touch nothing outside their process: half a minute.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/unit

test: $(VENV)/.develop ## Run all tests.
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/.develop ## What must hold before every commit: format, lint, types, imports, tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(VENV)/.develop ## Format and mend what can be mended without judgement.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.develop ## Measure the speeds that are promised, each beside its floor.
	$(BIN)/python -m tests.bench

soak: $(VENV)/.develop ## The long versions of the fuzzing and fault tests: some hours, five at the very most.
	LEADLEDGER_TEST_TIER=nightly $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
		-o timeout=3600 --session-timeout=18000

lock: $(VENV)/.develop ## Lock the newest versions that pyproject.toml allows, with hashes.
	$(LOCK) --group build -o requirements.txt --upgrade
	$(LOCK) --group build --group dev -c requirements.txt -o requirements-dev.txt

clean: ## Remove what the other targets made, but no data.
	rm -rf $(VENV) tests/clients/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

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
