# `make` says what there is. Everything lives in .venv and .dagster_home; nothing else on the machine is touched.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CONFIG ?= configs/lstm.yaml
PORT ?= 3000
VENV := .venv
BIN := $(VENV)/bin
CODE := bloodtwin_core bloodtwin_assets tests benchmarks
INSTALLED := $(VENV)/.installed

export DAGSTER_HOME := $(CURDIR)/.dagster_home
# Threads that wait must not spin: on a machine with other work to do that makes two threads far slower than one.
export OMP_WAIT_POLICY ?= passive
export BLOODTWIN_CONFIG ?= $(abspath $(CONFIG))

.PHONY: help
help:  ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

.PHONY: materialize
materialize: $(INSTALLED) $(DAGSTER_HOME)/dagster.yaml  ## from pump records to exports (CONFIG=configs/lstm.yaml)
	$(BIN)/bloodtwin run --config $(CONFIG)

.PHONY: pretrained
pretrained: $(INSTALLED) $(DAGSTER_HOME)/dagster.yaml  ## train the base model of the package again (AZT1D=folder BRIST1D=folder)
	@test -d "$(AZT1D)" -a -d "$(BRIST1D)" || \
	    { echo "Name the folders of both data sets: make pretrained AZT1D=folder BRIST1D=folder" >&2; exit 1; }
	AZT1D="$(AZT1D)" BRIST1D="$(BRIST1D)" \
	    $(BIN)/bloodtwin run --config configs/pretrained.yaml
	AZT1D="$(AZT1D)" BRIST1D="$(BRIST1D)" \
	    $(BIN)/bloodtwin run --config configs/pretrained_past.yaml
	$(BIN)/bloodtwin release artifacts/bloodtwin_base --started-from artifacts/bloodtwin_base_without_past

.PHONY: ui
ui: $(INSTALLED)-ui $(DAGSTER_HOME)/dagster.yaml  ## the Dagster UI on http://127.0.0.1:3000 (PORT=3000, CONFIG=configs/lstm.yaml)
	@$(BIN)/python -m bloodtwin_core.cli ui --port $(PORT) --config $(CONFIG)

.PHONY: tensorboard
tensorboard: $(INSTALLED)  ## the training logs in TensorBoard
	$(BIN)/tensorboard --logdir artifacts --host 127.0.0.1

.PHONY: test
# Three, since what runs real commands waits a quarter of its time. Bytecode is kept, whatever the surroundings say:
# a hundred processes would else compile everything anew.
test: $(INSTALLED)-dev  ## the whole test suite, on two cores
	env -u PYTHONDONTWRITEBYTECODE OMP_NUM_THREADS=1 \
	    $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: bench
bench: $(INSTALLED)-dev  ## measure speed, under 5 minutes; writes artifacts/bench.json
	$(BIN)/python -m benchmarks

.PHONY: bench-full
bench-full: $(INSTALLED)-dev  ## measure at full size, a quarter of an hour
	$(BIN)/python -m benchmarks --full

.PHONY: lint
lint: $(INSTALLED)-dev  ## ruff, mypy, and who may import whom
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(INSTALLED)-dev  ## let ruff mend what it can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: clean
clean:  ## remove caches; artifacts, .venv and .dagster_home stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .tmp_dagster_home_* *.egg-info
	find bloodtwin_core bloodtwin_assets tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The first interpreter that is new enough; PYTHON=... chooses another.
$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	    if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2> /dev/null; then \
	        echo "$$python -m venv $(VENV)"; exec $$python -m venv $(VENV); \
	    fi; \
	done; \
	echo "bloodTwin needs Python 3.11 to 3.13. Install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[graph]"
	@touch $@

# The extras of pyproject.toml: .installed-ui, .installed-dev.
$(INSTALLED)-%: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$*]"
	@touch $@

$(DAGSTER_HOME)/dagster.yaml: configs/dagster.yaml
	@mkdir -p $(@D)
	cp $< $@
