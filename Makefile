# make demo: install what is needed and ask the medical graph; make test: lint, types, tests; make model: train the shipped model
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test model clean

demo: $(VENV)/installed
	$(BIN)/kgrag demo medical

test: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

model: $(VENV)/installed
	$(BIN)/python -m kgrag.training.default_model --out data/models/default
	$(BIN)/python -m kgrag.training.operators --out data/models/default
	$(BIN)/python -m kgrag.training.judgement --out data/models/default
	$(BIN)/python -m kgrag.training.pack_model medical
	$(BIN)/python -m kgrag.training.pack_model legal

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet torch==2.13.0 -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
