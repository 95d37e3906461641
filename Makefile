# Two commands: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYANNOTE_METRICS_ENABLED ?= 0

.PHONY: help demo test lint clean

help:
	@echo "make demo   set up .venv, train on simulated people, score, link a scene; ends with a page to open"
	@echo "make test   set up .venv and run every check and test"
	@echo "make lint   ruff and mypy only"

$(VENV)/.installed: setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[train,test,onnx,gallery,docs]" -c constraints.txt
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/pins demo

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

clean:
	rm -rf $(VENV) demo results build dist *.egg-info
