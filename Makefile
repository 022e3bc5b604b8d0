# `make demo` and `make test` are all one needs; the README gives the same lines without make.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: demo test prove release lint serve ui tools spark lock codes bench clean

# exit 1 says "some record does not simply stand", which is what a demonstration is for: no make error
demo: .venv/ready
	$(PY) -m kg check tests/records/*.json || [ $$? -eq 1 ]

test: lint
	$(PY) -m pytest -n 2

# every part of the rulebook changed, one at a time: does some case notice? (tests try a sample)
prove: .venv/ready
	$(PY) -m kg prove

release: .venv/ready
	$(PY) -m kg build --out dist/m816

serve: .venv/ready
	$(PY) -m kg serve

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

# with npm: the YASGUI editor that the server then offers at /yasgui, and what browser tests use
ui: node_modules/.ready
	mkdir -p server/static/yasgui
	cp node_modules/@zazuko/yasgui/package.json node_modules/@zazuko/yasgui/build/yasgui.min.js \
	    node_modules/@zazuko/yasgui/build/yasgui.min.css server/static/yasgui/

node_modules/.ready: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# the SSSOM validator, in an environment of its own: it brings other versions of what we use;
# and owlready2 with HermiT beside the rest, source only and slow to install: tests need it, users do not
tools: .tools/sssom/ready .venv/reason

.tools/sssom/ready: requirements-sssom.txt
	$(PYTHON) -m venv --clear .tools/sssom
	.tools/sssom/bin/python -m pip install --quiet --require-hashes -r requirements-sssom.txt
	@touch $@

# Apache Spark and what a worker of it needs, 900 MB, in an environment of its own: for its test
spark: .tools/spark/ready

.tools/spark/ready: requirements-spark.txt
	$(PYTHON) -m venv --clear .tools/spark
	.tools/spark/bin/python -m pip install --quiet --require-hashes -r requirements-spark.txt
	@touch $@

.venv/reason: .venv/ready requirements-reason.txt
	$(PY) -m pip install --quiet --require-hashes --no-deps -r requirements-reason.txt
	@touch $@

# for maintainers, with uv: every platform, Python 3.11 and later, no host named
lock:
	uv --no-config pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements.txt
	echo 'sssom==0.4.21' | uv --no-config pip compile - --universal --python-version 3.11 --no-annotate \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements-sssom.txt
	uv --no-config pip compile pyproject.toml --extra spark --universal --python-version 3.11 --no-annotate \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements-spark.txt
	echo 'owlready2==0.51' | uv --no-config pip compile - --universal --python-version 3.11 --no-annotate \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements-reason.txt

# regenerates ontology/codes/ from the official tabular; byte-identical if nothing changed
codes: .venv/ready
	$(PY) -m kg codes build

bench: .venv/ready
	$(PY) -m bench

clean:
	rm -rf .venv .tools node_modules server/static/yasgui dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
