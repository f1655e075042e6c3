# Two commands from a fresh clone: make demo, make test.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint types tests sample pictures bench bench-store bench-soak clean

demo: $(VENV)/.run  ## open the explorer on sample_logs/
	$(BIN)/flowtui sample_logs

test: lint types tests  ## every check

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

tests: $(VENV)/.dev
	PYTHONHASHSEED=0 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

sample: $(VENV)/.dev  ## make sample_logs/ again
	$(BIN)/python bench/make_sample_logs.py sample_logs

pictures: $(VENV)/.dev  ## make the pictures and the lists of README and docs/ again
	$(BIN)/python docs/make_keys.py
	$(BIN)/python docs/make_formats.py
	$(BIN)/python docs/make_language.py
	$(BIN)/python docs/make_queries.py
	$(BIN)/python docs/make_pictures.py

bench: $(VENV)/.dev  ## time the explorer and queries over a million records
	$(BIN)/python bench/explorer.py
	$(BIN)/python bench/queries.py

bench-store: $(VENV)/.dev  ## measure the store beside DuckDB; takes an hour and 6 GB
	$(BIN)/python bench/store.py

bench-soak: $(VENV)/.dev  ## follow 20 deliveries a second in tmux for half an hour
	$(BIN)/python bench/soak.py

clean:
	rm -rf $(VENV)

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
