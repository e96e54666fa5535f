# Tidework. Each target sets up what it needs, and does nothing that is already done.
#
#   make run PORT=8123 DATA_DIR=/some/dir      make test ARGS="-k undo"

# Not ?=: some shells export HOST as the name of the machine.
HOST      = 127.0.0.1
PORT     ?= 8000
DATA_DIR ?= ./var
# Passed on to pytest, to the benchmarks.
ARGS      =
# What to soak: cluster, or single (one server with the embedded database).
OVER     ?= cluster

SHELL  := /bin/sh
PYTHON := .venv/bin/python

# A folder that was moved, or a Python that is gone, makes the environment unusable.
$(shell test -x $(PYTHON) && test "$$(cat .venv/.ready-where 2>/dev/null)" = "$$(pwd)" \
	|| rm -f .venv/.ready-*)

.DEFAULT_GOAL := help
.PHONY: help run web test faults soak check bench bench-compare bench-web screenshots cluster services format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

SETUP := pyproject.toml uv.lock scripts/setup.sh scripts/uv.sh

.venv/.ready-run .venv/.ready-dev .venv/.ready-bench: $(SETUP)
	@scripts/setup.sh $(subst .venv/.ready-,,$@)

run: .venv/.ready-run ## Serve the product on http://127.0.0.1:8000 (PORT, HOST, DATA_DIR)
	@scripts/web.sh build --if-possible
	$(PYTHON) -m tidework serve --host "$(HOST)" --port "$(PORT)" --data-dir "$(DATA_DIR)"

web: .venv/.ready-run ## Build the web app, if it has changed (needs Node, or fetches it)
	@scripts/web.sh build

test: .venv/.ready-dev ## Run all tests (ARGS for pytest; REQUIRE_SERVICES=1 refuses skipped servers)
	@scripts/services.sh cluster browser prometheus
	@scripts/web.sh build
	@$(PYTHON) scripts/test.py $(ARGS)

# One after the other, so that none disturbs another's load.
faults: .venv/.ready-dev ## Break things at full length, an hour or so (TIDEWORK_FAULT_SEED repeats a run; ARGS)
	@scripts/services.sh cluster
	TIDEWORK_FAULTS=full $(PYTHON) -m pytest tests/faults $(ARGS)

soak: .venv/.ready-dev ## Whether memory and connections stay flat under load (TIDEWORK_SOAK_MINUTES, OVER=single; ARGS)
	@scripts/services.sh cluster
	TIDEWORK_SOAK_MINUTES="$${TIDEWORK_SOAK_MINUTES:-30}" $(PYTHON) -m pytest -s tests/faults/test_soak.py \
		-k $(OVER) $(ARGS)

check: .venv/.ready-dev ## Lint, format, types, layers, queries, docs, web app
	@scripts/check.sh

bench: .venv/.ready-bench ## Measure, beside the peers (QUICK=1 for a short, rough run; ARGS)
	@scripts/services.sh postgres wrk
	@scripts/web.sh build
	$(PYTHON) -m bench $(if $(QUICK),--quick) $(ARGS)

bench-compare: .venv/.ready-bench ## Measure this folder against another commit (BASE=rev; QUICK=1, ARGS)
	@test -n "$(BASE)" || { echo "say which: make bench-compare BASE=HEAD~1" >&2; exit 2; }
	@scripts/services.sh postgres wrk
	$(PYTHON) -m bench.compare "$(BASE)" $(if $(QUICK),--quick) $(ARGS)

bench-web: .venv/.ready-bench ## Measure the web app in Chromium: sizes, Lighthouse, board, drag, list (QUICK=1, ARGS)
	@scripts/services.sh chromium
	@scripts/web.sh build
	$(PYTHON) -m bench.web $(if $(QUICK),--quick) $(ARGS)

screenshots: .venv/.ready-bench ## Write docs/screenshots: each page, light and dark, desktop and phone (ARGS="board list")
	@scripts/services.sh chromium
	@scripts/web.sh build
	$(PYTHON) -m bench.web.screenshots $(ARGS)

cluster: .venv/.ready-run ## Many copies on PostgreSQL, Redis, RabbitMQ and nginx, on this machine (ARGS)
	@scripts/services.sh cluster
	@scripts/web.sh build --if-possible
	$(PYTHON) -m tidework cluster up $(ARGS)

services: ## Install the servers that tests and benchmarks talk to; starts none
	@scripts/services.sh

format: .venv/.ready-dev ## Format the code and repair what the linter can
	$(PYTHON) -m ruff check --fix-only --quiet .
	$(PYTHON) -m ruff format .
	@scripts/web.sh format

clean: ## Remove the environment and everything that tools left behind; keeps your data
	rm -rf .venv .tools dist build web/node_modules src/tidework/web/dist* .coverage htmlcov .hypothesis .schemathesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name node_modules -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
