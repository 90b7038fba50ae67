# `make demo` and `make test` are all that a fresh machine with Python >= 3.11 and make needs. They use the versions
# of libraries in constraints.txt; `make test-newest` uses the newest ones that pyproject.toml admits.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VENV_NEWEST := .venv-newest
BIN_NEWEST := $(VENV_NEWEST)/bin
BUILT_NEWEST := $(VENV_NEWEST)/.built
# The command line, cases with known answers, and one piece of work of each kind.
TESTS_NEWEST := tests/newest tests/unit/test_cli.py tests/unit/test_results_cases.py

.PHONY: demo gate bench-gate chaos slow test test-newest check coverage release-check docs notebooks mutants bench examples format clean

demo: $(READY)
	$(BIN)/gridpact demo --out out/demo

# A market that trades by itself, until Ctrl-C; it says where to look.
gate: $(READY)
	$(BIN)/python examples/gate_market --out out/gate-$$(date +%Y%m%d-%H%M%S)

# What the gate takes in a minute, how long closures and verification take, what kills leave: about 20 minutes.
bench-gate: $(READY)
	$(BIN)/python -m benchmarks.gate

# What takes processes, databases and disks away from a gate: some minutes.
chaos: $(READY)
	$(BIN)/pytest -m chaos tests

# Studies that take half a minute and more each.
slow: $(READY)
	$(BIN)/pytest -n auto -m slow

test: check
	$(BIN)/pytest -n auto --dist worksteal

# What is newest changes from day to day: nothing of an earlier run is kept but what pip still finds to be so.
test-newest:
	rm -f $(BUILT_NEWEST)
	$(PYTHON) -m venv $(VENV_NEWEST)
	$(BIN_NEWEST)/python -m pip install --quiet --disable-pip-version-check --upgrade --upgrade-strategy eager --editable '.[test]'
	touch $(BUILT_NEWEST)
	$(BIN_NEWEST)/pytest -n auto $(TESTS_NEWEST)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The whole suite again, slower: apart from `make test`.
coverage: $(READY)
	$(BIN)/pytest -n auto --cov=gridpact --cov-report=term:skip-covered

release-check: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[release]'
	$(BIN)/python .ci/release_check.py

# The site of the documentation, without the network: open out/site/index.html. A warning is an error.
docs: $(READY)
	$(BIN)/python -m sphinx -q -E -a -W --keep-going -b html -c docs/site -d out/doctrees . out/site

# Runs the notebooks and stores what they print.
notebooks: $(READY)
	$(BIN)/python docs/site/run_notebooks.py

mutants: $(READY)
	$(BIN)/python -m benchmarks.mutants

bench: $(READY)
	$(BIN)/python -m benchmarks

examples: $(READY)
	$(BIN)/python examples/make_examples.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(VENV_NEWEST) out build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(READY)
