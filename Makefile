# Every target is explained by `make help`. Only Python 3.11+ and make are needed; the rest is installed on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := var/stamps
LOCK := etc/requirements.lock
STORY ?= first_light
ONLY ?= *
CODE := core portal plugins admin_tool simulators tests benchmarks setup.py

.DEFAULT_GOAL := help
.PHONY: help install run admin code test check e2e bench scan lock schemas format clean

help: ## Show this help
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

install: $(STAMP)/installed ## Set up .venv with everything, from the lock

$(STAMP)/python: $(LOCK)
	@mkdir -p $(STAMP)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	@touch $@

$(STAMP)/installed: $(STAMP)/python pyproject.toml setup.py $(wildcard portal/frontend/*.* portal/frontend/src/*)
	$(BIN)/python -W ignore -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: install ## Run the demo: portal, simulators, a fictional hospital of 1,632 people
	@$(BIN)/xinglin --config etc/development.ini demo

admin: install ## Open the desktop admin tool for the running demo
	@$(BIN)/xinglin-admin --server http://127.0.0.1:18080

code: install ## Print the demo administrator's current login code
	@$(BIN)/xinglin --config etc/development.ini demo --code

$(STAMP)/browser: tests/system-packages.txt
	@mkdir -p $(STAMP)
	@tests/install-system-packages
	@touch $@

test: install $(STAMP)/browser $(STAMP)/scanners check ## All checks and all tests: unit, functional, integration on SQLite and PostgreSQL, end to end
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2 --dist worksteal

check: install ## Fast checks: ruff, mypy, import-linter, architecture
	$(BIN)/ruff format --check --quiet $(CODE)
	$(BIN)/ruff check --quiet $(CODE)
	$(BIN)/mypy core/xinglin portal/xinglin_portal plugins/xinglin_news plugins/xinglin_documents plugins/xinglin_example admin_tool/xinglin_admin simulators/xinglin_simulators
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

e2e: install $(STAMP)/browser ## Run one story in a real browser: make e2e STORY=first_light
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests/e2e -k $(STORY)

bench: install ## Benchmarks as JSON lines: make bench ONLY='page.*'
	@$(BIN)/python -W ignore -m benchmarks --only '$(ONLY)'

# Environments of their own: scanners pin what we use in other releases, and wapiti what other scanners do
$(STAMP)/scanners: tests/security/scanners.txt
	@mkdir -p $(STAMP)
	@test -x var/scan-venv/bin/python || $(PYTHON) -m venv var/scan-venv
	var/scan-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(STAMP)/wapiti: tests/security/wapiti.txt
	@mkdir -p $(STAMP)
	@test -x var/wapiti-venv/bin/python || $(PYTHON) -m venv var/wapiti-venv
	var/wapiti-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

scan: install $(STAMP)/scanners $(STAMP)/wapiti ## Security, 5 minutes: code, dependencies, the running demo; report and SBOM in var/scan
	$(BIN)/ruff check --select S --ignore S101,S603,S607 core portal plugins admin_tool
	$(BIN)/python -W ignore -m tests.security --tools var/scan-venv/bin --wapiti var/wapiti-venv/bin/wapiti

schemas: install ## Write schemas/sql anew from the models
	@$(BIN)/python -W ignore -m xinglin.kernel.ddl schemas/sql

format: install ## Format the code
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lock: ## Resolve the dependencies of pyproject.toml anew into the lock (needs uv)
	uv pip compile --quiet --all-extras --universal --generate-hashes --no-emit-index-url --no-header -p 3.11 pyproject.toml -o $(LOCK)
	for name in scanners wapiti; do uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header -p 3.11 tests/security/$$name.in -o tests/security/$$name.txt; done

clean: ## Remove everything that was made (the demo's data too)
	rm -rf $(VENV) var build *.egg-info portal/frontend/node_modules portal/xinglin_portal/static/dist
