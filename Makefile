# GNU make 3.81 or newer. Every target sets up what it needs; `make` alone prints the list.

.DEFAULT_GOAL := help
.PHONY: help setup demo up down test check proto faults explore mutants bench bench-large audit sbom clean

VENV_PYTHON := .venv/bin/python
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))

# Where bytecode beside the sources is not wanted it goes here: without any, each process compiles its imports anew.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.local/bytecode
endif

help:
	@echo "make setup    prepare .venv, Kafka and PostgreSQL (implied by everything below)"
	@echo "make demo     two minutes of a shop's day on real Kafka and PostgreSQL; ends with PASS or FAIL"
	@echo "make up       start everything and leave it running (again: restarts only what is missing)"
	@echo "make down     stop everything; the data stays"
	@echo "make test     all tests, on real Kafka and PostgreSQL"
	@echo "make check    format, lint, types, import directions, contracts"
	@echo "make proto    generate the stubs in gen/ from proto/"
	@echo "make faults   make every fault of docs/faults.md, and look for anything lost or done twice (about an hour)"
	@echo "make explore  walk 100,000 steps through the state space of returns, and write down what was reached"
	@echo "make mutants  break each mechanism by hand, and see that its named test notices"
	@echo "make bench    the program against its physical limits (a quarter of an hour; leave the machine alone)"
	@echo "make bench-large   the same on a million cases and five million timers"
	@echo "make audit    known weaknesses of the locked packages (asks the advisory service)"
	@echo "make sbom     what is in the delivery, as CycloneDX, into build/sbom.json"
	@echo "make clean    stop everything and delete .venv and all data of this clone"

# PYTHON= chooses the interpreter; without it the first good one is taken, and an environment that exists is kept.
setup:
ifdef PYTHON
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "setup: PYTHON=$(PYTHON) is not a program; name one: make PYTHON=/path/to/python3.12 ..." >&2; exit 2; }
	@"$(PYTHON)" infra/local/bootstrap.py
else
	@$(VENV_PYTHON) -I infra/local/bootstrap.py --is-ready 2>/dev/null || { \
	for candidate in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	  if $$candidate -c '$(SUPPORTED)' >/dev/null 2>&1; then exec $$candidate infra/local/bootstrap.py --keep-python; fi; \
	done; \
	for candidate in python3 python; do \
	  if command -v $$candidate >/dev/null 2>&1; then exec $$candidate infra/local/bootstrap.py; fi; \
	done; \
	echo "setup: there is no Python on PATH; install 3.11 or newer, or: make PYTHON=/path/to/python3.12 ..." >&2; exit 2; }
endif

demo: setup
	@$(VENV_PYTHON) -m infra.demo

up: setup
	@$(VENV_PYTHON) -m infra.local up

# Stopping must work even when setting up does not.
down:
	@test ! -x $(VENV_PYTHON) || $(VENV_PYTHON) -m infra.local down

test: setup
	@$(VENV_PYTHON) -m tests

check: setup
	@$(VENV_PYTHON) -m infra.check

proto: setup
	@$(VENV_PYTHON) -m infra.proto

faults: setup
	@AFTERCARE_FAULTS=all $(VENV_PYTHON) -m pytest tests/faults tests/unit/model

explore: setup
	@AFTERCARE_EXPLORE=100000 $(VENV_PYTHON) -m pytest tests/unit/returns/exploring

mutants: setup
	@$(VENV_PYTHON) -m tests.mutants

bench: setup
	@$(VENV_PYTHON) -m bench

bench-large: setup
	@$(VENV_PYTHON) -m bench --large

audit: setup
	@$(VENV_PYTHON) -m infra.audit

sbom: setup
	@$(VENV_PYTHON) -m infra.audit --sbom build/sbom.json

clean: down
	@test ! -x $(VENV_PYTHON) || $(VENV_PYTHON) -m infra.local erase
	@rm -rf .venv .tools .bootstrap.lock .local .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
