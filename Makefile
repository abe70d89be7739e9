# make demo and make test set themselves up: a virtual environment and the dependencies.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow lint clean

.venv/.ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

demo: .venv/.ready
	$(BIN)/spine-jax demo --output out/demo --overwrite

test: .venv/.ready
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow and not gpu"

test-slow: .venv/.ready
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "slow and not gpu"

lint: .venv/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

clean:
	rm -rf .venv out build dist *.egg-info
