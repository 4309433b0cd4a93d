# The two commands are `make html` and `make test`; both set up what they need in .venv, once.
PYTHON ?= python3
BIN := .venv/bin
SYSTEM_PACKAGES := chromium pandoc

.PHONY: html test test-all test-oldest lint format benchmark pin clean

html: .venv/ready
	$(BIN)/docbuild build

test: .venv/ready
	$(BIN)/pytest -n 2

test-all: .venv/ready system-packages
	$(BIN)/pytest -n 2

# The tests that meet Sphinx most, with the oldest Sphinx that is supported.
test-oldest: .venv-oldest/ready
	.venv-oldest/bin/pytest -n 2 tests/e2e/test_same_site.py tests/e2e/test_failures.py

.venv-oldest/ready: pyproject.toml requirements-oldest.txt
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --requirement requirements-oldest.txt
	.venv-oldest/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

benchmark: .venv/ready
	$(BIN)/python benchmarks/one_machine.py

.venv/ready: pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

.PHONY: system-packages pin-oldest
system-packages:
	@for tool in $(SYSTEM_PACKAGES); do command -v $$tool > /dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq $$missing; \
	fi

pin:
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --group docs --group test --group lint --group benchmark --editable .
	{ echo "# Versions that docbuild is developed and tested with; made by: make pin"; \
	  $(BIN)/python -m pip freeze --exclude-editable; } > requirements.txt
	touch .venv/ready

pin-oldest:
	rm -rf .venv-oldest
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --upgrade pip
	.venv-oldest/bin/python -m pip install --quiet --group test --editable . "sphinx<8"
	{ echo "# The oldest Sphinx that docbuild works with, and what goes with it; made by: make pin-oldest"; \
	  .venv-oldest/bin/python -m pip freeze --exclude-editable; } > requirements-oldest.txt
	touch .venv-oldest/ready

clean:
	rm -rf .docbuild _site
