# Two commands do everything: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
ARGS ?=
# Tests that time worker processes run alone, all others two at a time.
ALONE := $(addprefix tests/unit/demos/test_,cli.py runner.py workers.py)

.DEFAULT_GOAL := help
.PHONY: help run dev test test-browser lint bench screenshots content pretrain clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/installed: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, this is {v[0]}.{v[1]}. Name another one with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the app into .venv (about a minute the first time, PyTorch is large) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt -c constraints.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo "Installing the test tools into .venv ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@

.venv/installed-bench: .venv/installed-dev requirements-bench.txt
	@echo "Installing what is compared with into .venv ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-bench.txt -c constraints.txt
	@touch $@

run: .venv/installed  ## Serve the app on http://localhost:8501 (PORT=... changes it)
	@echo "Serving on http://localhost:$(PORT) - stop with Ctrl-C"
	@exec $(BIN)/python -m streamlit run app.py --server.port $(PORT)

dev: .venv/installed-dev  ## Serve, and reload when a source file changes
	@exec $(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.fileWatcherType auto --client.showErrorDetails full

test: .venv/installed-dev  ## Unit, screen and architecture tests (no browser)
ifeq ($(ARGS),)
	@$(BIN)/python -m pytest tests $(addprefix --ignore ,tests/browser $(ALONE)) -n 2 --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m pytest $(ALONE)
else
	@$(BIN)/python -m pytest tests --ignore tests/browser $(ARGS)
endif

test-browser: .venv/installed-dev  ## Browser tests; need Chromium (Debian: apt-get install chromium)
	@$(BIN)/python -m pytest tests/browser $(ARGS)

lint: .venv/installed-dev  ## Ruff and mypy
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

content: .venv/installed  ## Check the questions
	@$(BIN)/python -m content check

bench: .venv/installed-bench  ## The figures that the README quotes (a few minutes; Chromium needed)
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: .venv/installed-dev  ## Renew docs/screenshots (Chromium needed)
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

pretrain: .venv/installed  ## Rebuild the shipped pretrained starts
	@$(BIN)/python -m demos pretrain $(ARGS)

clean:  ## Remove .venv and tool caches (your reviews are kept elsewhere)
	@rm -rf .venv .pytest_cache .ruff_cache .mypy_cache
