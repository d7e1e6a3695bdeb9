# Everything a newcomer types. Each target makes what it needs; the only prerequisites are make and Python >= 3.11.
#
# Stamp files (.venv/.run, .venv/.dev, frontend/node_modules/.run, .dev) remember which requirements and lock file were
# installed last, so that a second start installs nothing. Front end bundle and .mo files are build products.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore
NPM := cd frontend && ../.ci/node npm
BUNDLE := server/static/dist/console.js
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard server/translations/*/LC_MESSAGES/*.po))
BROWSER := var/test/browser/.ready
PACKAGES := server sync photo_store
CODE := $(PACKAGES) tests wsgi.py
# Three processes on two cores: some tests wait for servers of their own. `make test PYTEST="-k name"` chooses tests.
# Bytecode is kept even where the environment forbids it: the tests start our programs about a hundred times.
PYTEST ?=

.PHONY: help
help: ## Show what can be typed
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Install, build, migrate, seed the demo city once, start web server and worker
	$(VENV)/bin/flask --app wsgi up --demo

.PHONY: build
build: $(VENV)/.run $(BUNDLE) $(CATALOGUES) ## Install and build what `run` needs, start nothing

.PHONY: test
test: $(VENV)/.dev $(BUNDLE) $(CATALOGUES) $(BROWSER) ## Run the whole suite on SQLite and PostgreSQL, with a real browser
	PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest -n 3 --dist worksteal $(PYTEST)

# Rows of docs/verification.md in turn, the one that owes most first; the ledger stands in tests/verification.
MINUTES ?= 80
.PHONY: verify
verify: $(VENV)/.dev frontend/node_modules/.dev ## Run the verification table for MINUTES=80 and keep its ledger (VERIFY="--rows fleet")
	PYTHONPATH=.:tests $(PYTHON) -m verification.runner --minutes $(MINUTES) $(VERIFY)

# One protection after the other is taken out of a copy; the named tests must fail. MUTANTS="naive_seq no_fsync" chooses.
MUTANTS ?=
.PHONY: mutants
mutants: $(VENV)/.dev ## Prove that the tests notice each protection's absence
	PYTHONPATH=.:tests $(PYTHON) -m mutants.run $(MUTANTS)

.PHONY: check
check: $(VENV)/.dev frontend/node_modules/.dev ## Lint, type-check and check the import contracts
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/ruff format --quiet --check .
	$(VENV)/bin/mypy $(PACKAGES)
	$(VENV)/bin/lint-imports --no-logo
	$(NPM) run --silent check

.PHONY: format
format: $(VENV)/.dev ## Format the Python code and repair what ruff can repair
	$(VENV)/bin/ruff format --quiet .
	$(VENV)/bin/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev $(BUNDLE) ## Measure push and pull beside the raw database and Kinto (ONLY=push or pull)
	$(PYTHON) bench/field_sync.py $(if $(ONLY),--only $(ONLY))

.PHONY: bench-photos
bench-photos: $(VENV)/.dev $(BUNDLE) ## Measure photographs: deriving, memory, uploads, bombs
	$(PYTHON) bench/photographs.py

.PHONY: exchanges
exchanges: $(VENV)/.dev ## Record docs/exchanges.md anew from the running server
	RECORD_EXCHANGES=1 $(PYTHON) -m pytest -q tests/api/test_recorded_exchanges.py

# New texts come into the catalogue untranslated, at the place where the code has them; gone ones go.
.PHONY: translations
translations: $(VENV)/.run ## Bring the texts in the code into the catalogues under server/translations
	mkdir -p var
	$(VENV)/bin/pybabel --quiet extract -F pyproject.toml -k lazy_ --no-location --project Xuncha -o var/messages.pot server
	for po in server/translations/*/LC_MESSAGES/messages.po; do \
		locale=$${po#server/translations/}; \
		$(VENV)/bin/pybabel --quiet update -i var/messages.pot -o $$po -l $${locale%%/*} \
			--no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date || exit 1; \
	done
	rm var/messages.pot

# No name of a registry's host goes into a commit; the two greps at the end fail where one did.
.PHONY: lock
lock: $(VENV)/.dev ## Compile requirements*.txt and package-lock.json anew (LOCK=--upgrade takes newer releases)
	$(PIP) uv
	$(VENV)/bin/uv pip compile --quiet $(LOCK) --universal --python-version 3.11 pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile --quiet $(LOCK) --universal --python-version 3.11 \
		--group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(NPM) install --package-lock-only
	@! grep -n '://' requirements.txt requirements-dev.txt
	@! grep -n '"resolved"' frontend/package-lock.json

.PHONY: clean
clean: ## Remove everything that was installed or built; the data under var/ stays
	rm -rf $(VENV) frontend/node_modules server/static/dist var/test .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -f $(CATALOGUES)
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the targets need ---

$(VENV)/.made:
	@python=$$(.ci/python) && "$$python" -m venv $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.made
	$(PIP) -r requirements.txt
	@touch $@

# requirements-dev.txt contains all of requirements.txt.
$(VENV)/.dev: requirements-dev.txt | $(VENV)/.made
	$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/.run

frontend/node_modules/.run: frontend/package-lock.json | $(VENV)/.made
	$(NPM) ci --omit=dev
	@touch $@

frontend/node_modules/.dev: frontend/package-lock.json | $(VENV)/.dev
	$(NPM) ci
	@touch $@ frontend/node_modules/.run

$(BUNDLE): frontend/node_modules/.run frontend/build.js $(wildcard frontend/src/*.ts)
	cd frontend && ../.ci/node node build.js

server/translations/%.mo: server/translations/%.po | $(VENV)/.run
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@ --locale $(firstword $(subst /, ,$*))

# Unpacked afresh: the package takes a half-written file for a finished one.
$(BROWSER): frontend/node_modules/.dev frontend/test-browser.js
	rm -rf $(@D)
	mkdir -p $(@D)
	cd frontend && ../.ci/node node test-browser.js ../$(@D)
	@touch $@
