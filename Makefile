# `make help` lists what there is to do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PROFILE ?= learning
DATA ?=
SIZE ?=
Q ?=
export DATA Q
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)

.PHONY: help
help: ## list every target
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what is missing (OS packages, virtual environment, pinned packages)
	@scripts/setup

.PHONY: setup-dev
setup-dev: ## the same, and what the tests need (an MLflow server of their own too)
	@scripts/setup dev

.PHONY: demo
demo: setup ## the whole chain on a real Airflow; PROFILE=retail or credit_card, DATA=<file> for its original file, SIZE=n for so many generated customers
	@$(PYTHON) -m demo run --profile $(PROFILE) $(if $(SIZE),--size $(SIZE)) $(if $(DATA),--data "$$DATA")

.PHONY: airflow
airflow: setup ## open the demo's Airflow with its UI, in the background
	@$(PYTHON) -m demo airflow

.PHONY: stop
stop: ## end what `make airflow` started
	@$(PYTHON) -m demo stop

.PHONY: sql
sql: setup ## psql on the demo's warehouse; make -s sql Q="select …" prints CSV
	@$(PYTHON) -m demo sql $(if $(Q),--query "$$Q")

.PHONY: test-fast
test-fast: setup-dev ## lint, types, and the tests that need no server; a few minutes
	@scripts/test-fast

.PHONY: test
test: setup-dev lint ## lint, types and all tests with real servers, with coverage
	@scripts/test

.PHONY: test-heavy
test-heavy: setup-dev ## the tests that need large extra programs
	@scripts/test-heavy

.PHONY: fault-bench
fault-bench: setup-dev ## extract under random faults on two servers, lake and source compared; SCHEDULES=n, SEED=n
	@$(PYTHON) -m benchmarks.faults $(if $(SCHEDULES),--schedules $(SCHEDULES)) $(if $(SEED),--seed $(SEED))

.PHONY: bench-extract
bench-extract: setup-dev .local/peers/installed ## rows/s and memory of the extract beside other tools, on two servers; 15 minutes
	@$(PYTHON) -m benchmarks.extract --peers .local/peers/bin/python

.PHONY: bench-segment
bench-segment: setup-dev ## fits of 13 million learners, seconds, memory and inertia beside scikit-learn; LEARNERS=n for fewer; 4 minutes
	@$(PYTHON) -m benchmarks.segment $(if $(LEARNERS),--learners $(LEARNERS))

.local/peers/installed: benchmarks/requirements.txt
	@$(PYTHON) -m venv --clear .local/peers
	@.local/peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

.PHONY: lint
lint: setup-dev ## ruff and mypy
	@ruff check . && ruff format --check . && mypy && python scripts/dictionary.py --check

.PHONY: format
format: setup-dev ## format the code
	@ruff check --fix . ; ruff format .

.PHONY: docs
docs: setup ## write the generated part of docs/ again (the table dictionary)
	@$(PYTHON) scripts/dictionary.py

.PHONY: requirements
requirements: setup-dev ## resolve requirements*.in into requirements*.txt
	@uv pip compile -q --python-version 3.11 --no-header --no-annotate -o requirements.txt requirements.in
	@uv pip compile -q --python-version 3.11 --no-header --no-annotate -o requirements-track.txt requirements-track.in
	@uv pip compile -q --python-version 3.11 --no-header --no-annotate -o requirements-dev.txt requirements-dev.in
	@uv pip compile -q --python-version 3.11 --no-header --no-annotate -c requirements.txt -c requirements-track.txt -o tests/track/requirements.txt tests/track/requirements.in

.PHONY: clean
clean: stop ## remove the demo's data (the virtual environment stays)
	@$(PYTHON) -m demo clean
