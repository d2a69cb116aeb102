# Everything one does with the project. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Another cargo, such as a wrapper: make CARGO=… build
CARGO ?= cargo
# How long each fuzz target runs in `make test`.
FUZZ_SECONDS ?= 60

export CARGO
STEP := tests/step.sh
VENV := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/octoporty-tests/venv

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: ## Run Gateway, Agent and a demo service here, and print their addresses
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web; else echo "No Node here: the dashboard will say how to build it."; fi
	@exec examples/run.sh

.PHONY: web
web: ## Build the dashboard, which the Agent's program then holds
	@$(STEP) "the dashboard's packages" npm --prefix web ci --ignore-scripts --no-audit --no-fund
	@$(STEP) "build the dashboard" npm --prefix web run build
	@# Cargo does not see that a folder came into being.
	@touch bins/agent/src/api/assets/embedded.rs

.PHONY: build
build: web ## Build the release programs
	$(CARGO) build --release --locked -p octoporty-gateway -p octoporty-agent

.PHONY: test
test: setup web ## Run all tests: units, end to end, documentation, a short fuzzing
	@$(STEP) "the dashboard's tests" npm --prefix web run test
	@$(STEP) "build the programs" $(CARGO) build --locked --workspace --bins
	@$(STEP) "tests" $(CARGO) nextest run --locked --workspace
	@$(STEP) "client without a crypto provider" $(CARGO) nextest run --locked -p octoporty-client --test provider \
	  --no-default-features --features tls-no-provider
	@if command -v python3 >/dev/null; then \
	  $(STEP) "calls and allocations of a request" tests/budget/budget.py "$${CARGO_TARGET_DIR:-target}/debug"; \
	else \
	  echo "SKIPPED: calls and allocations of a request, as python3 is missing"; \
	fi
	@$(STEP) "documentation tests" $(CARGO) test --locked --workspace --doc --quiet
	@if [ -e "$(VENV)/.installed" ]; then \
	  $(STEP) "the API against its document" timeout 600 "$(VENV)/bin/python" tests/api/conform.py; \
	else \
	  echo "SKIPPED: the API against its document; tests/setup.sh says why"; \
	fi
	@$(STEP) "the older Caddy" tests/caddy26.sh
	@if command -v chromium >/dev/null; then \
	  $(STEP) "the dashboard in a browser" npm --prefix web run e2e; \
	else \
	  echo "SKIPPED: the dashboard in a browser, as chromium is missing"; \
	fi
	@if [ -e "$(VENV)/.installed" ]; then \
	  $(STEP) "two minutes of faults under load" tests/soak/run.sh "$(VENV)/bin/python"; \
	else \
	  echo "SKIPPED: two minutes of faults under load; tests/setup.sh says why"; \
	fi
	@$(STEP) "fuzzing, $(FUZZ_SECONDS) s a target" tests/fuzz/run.sh $(FUZZ_SECONDS)
	@$(STEP) "deployment" tests/deploy/run.sh
	@if [ -d tests/e2e ]; then \
	  if [ -e "$(VENV)/.installed" ]; then \
	    $(STEP) "tests against other implementations" "$(VENV)/bin/python" -m unittest discover -s tests/e2e; \
	  else \
	    echo "SKIPPED: tests against other implementations; tests/setup.sh says why"; \
	  fi; \
	fi

.PHONY: conform
conform: setup ## Ask a running Agent for all that its API's document has, and for much that it has not
	@$(STEP) "build the programs" $(CARGO) build --locked --workspace --bins
	@$(STEP) "the API against its document" timeout 600 "$(VENV)/bin/python" tests/api/conform.py

.PHONY: journeys
journeys: setup web ## Walk through the dashboard in Chromium, over real programs (some minutes)
	@$(STEP) "build the programs" $(CARGO) build --locked --workspace --bins
	@$(STEP) "the dashboard in a browser" npm --prefix web run e2e

.PHONY: check
check: setup static test ## Check all that must hold before a commit, then run all tests

# All checks that run nothing of ours.
.PHONY: static
static: setup web
	@$(STEP) "format" $(CARGO) fmt --all --check
	@$(STEP) "the dashboard's lints" npm --prefix web run lint
	@$(STEP) "the dashboard's types" npm --prefix web run types
	@$(STEP) "tidy" tests/tidy.sh
	@$(STEP) "shell scripts" bash -c 'git ls-files -z --cached --others --exclude-standard -- "*.sh" .ci/run | xargs -0 shellcheck -S style'
	@$(STEP) "lints" $(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@$(STEP) "core without features" $(CARGO) check --locked -p octoporty-core --no-default-features
	@for feature in idna runtime proxy websocket; do \
	  $(STEP) "core with $$feature only" $(CARGO) check --locked -p octoporty-core --no-default-features --features $$feature; \
	done
	@$(STEP) "client without features" $(CARGO) check --locked -p octoporty-client --no-default-features
	@$(STEP) "public API" tests/api/check.sh
	@RUSTDOCFLAGS="-D warnings" $(STEP) "documentation" $(CARGO) doc --locked --workspace --no-deps
	@$(STEP) "dependencies at hand" $(CARGO) fetch --locked --quiet
	@$(STEP) "dependencies that are not needed" $(CARGO) machete --with-metadata
	@$(STEP) "licences, bans, sources" $(CARGO) deny --offline --locked check licenses bans sources

.PHONY: setup
setup: ## Install what the tests need
	@$(STEP) "setup" tests/setup.sh

.PHONY: fmt
fmt: ## Format the code
	$(CARGO) fmt --all

.PHONY: bench
bench: ## Measure throughput, latency and memory
	@tests/bench/run.sh
