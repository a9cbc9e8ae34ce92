# make app, make test: each makes what it needs, once. `make help` lists the rest.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
GPU ?= 0
PORT ?= 8501

.DEFAULT_GOAL := help
.PHONY: help app test test-services lint format bench screenshots clean

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

app: $(VENV)/app-$(GPU)  ## the workbench in a browser (GPU=1: TensorFlow with CUDA; PORT=8501)
	@scripts/serve $(BIN) $(PORT)

test: $(VENV)/dev-$(GPU)  ## every test, a real browser among them
	@scripts/browser
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-services: $(VENV)/services-$(GPU)  ## those on PostgreSQL, S3, MLflow, Ray, JAX and PyTorch
	@scripts/postgres
	$(BIN)/python -m pytest -m services -n 2 --dist loadgroup --no-loadscope-reorder

lint: $(VENV)/dev-$(GPU)  ## ruff, mypy (strict on the design core), import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev-$(GPU)  ## what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/services-$(GPU)  ## the figures of the README, one JSON line each
	@scripts/browser
	@for name in feedback space diff startup interaction firststep gradients load faults memory calibration digits accuracy finetuning training fidelity export segmentation mutation; do $(BIN)/python -m benchmarks.$$name || exit 1; done

screenshots: $(VENV)/dev-$(GPU)  ## the pictures of the README, taken from the running page
	@scripts/browser
	$(BIN)/python -m benchmarks.screenshots

clean:  ## removes the environment and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/app-$(GPU): requirements.txt scripts/environment
	@scripts/environment $(VENV) $(GPU)
	@touch $@

# pip, since it finds a local build of torch for CPUs where there is one; others take gigabytes
$(VENV)/services-$(GPU): $(VENV)/dev-$(GPU)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[services]'
	@touch $@

$(VENV)/dev-$(GPU): $(VENV)/app-$(GPU) pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,bench]'
	@touch $@
