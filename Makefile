# Two commands do everything: `make demo` and `make test`. Both work on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := .demo

.PHONY: demo test lint unit web bench train-pocket clean

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing smartsearch and what it needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[demo]" --group dev
	@touch $@

demo: $(STAMP)
	@$(BIN)/python scripts/demo.py --home $(DEMO)

# The torch tests compare with reference implementations; they are skipped where only a build with CUDA is on offer.
$(VENV)/.torch: $(STAMP) scripts/install_torch_cpu.py
	@$(BIN)/python scripts/install_torch_cpu.py
	@touch $@

test: $(STAMP) $(VENV)/.torch lint
	$(BIN)/python -m pytest

unit: $(STAMP)
	$(BIN)/python -m pytest tests/unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

web:
	@echo "The web page comes with the API; there is nothing to build yet."

train-pocket:
	training/run.sh

clean:
	rm -rf $(VENV) $(DEMO) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
