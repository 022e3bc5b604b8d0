# `make demo` and `make test` are all one needs; the README gives the same lines without make.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: demo test lint lock codes bench clean

# exit 1 says "some record does not simply stand", which is what a demonstration is for: no make error
demo: .venv/ready
	$(PY) -m kg check tests/records/*.json || [ $$? -eq 1 ]

test: lint
	$(PY) -m pytest -n 2

lint: .venv/ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# the stamp is written last, so an interrupted install is done again; a changed lock rebuilds all
.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11+ needed: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(PY) -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

# for maintainers, with uv: every platform, Python 3.11 and later, no host named
lock:
	uv --no-config pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements.txt

# regenerates ontology/codes/ from the official tabular; byte-identical if nothing changed
codes: .venv/ready
	$(PY) -m kg codes build

bench: .venv/ready
	$(PY) -m bench

clean:
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
