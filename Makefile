# `make demo` and `make test` need Python >= 3.11 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
JAX    := $(VENV)/.jax

.PHONY: demo test test-slow lint bench world validate docs clean

demo: $(STAMP)
	$(BIN)/comity run tehran-2023 --out results

# two workers; a file's tests stay in one of them, so that a server or a world is set up once
test: $(STAMP) $(JAX)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# measures again what docs/performance.md and docs/uncertainty.md say, and writes their tables
bench: export OPENBLAS_NUM_THREADS = 1
bench: export OMP_NUM_THREADS = 1
bench: $(STAMP) $(JAX)
	$(BIN)/python -m benchmarks.bench --write
	$(BIN)/python -m benchmarks.limits --write
	$(BIN)/python -m benchmarks.kernels --write
	$(BIN)/python -m benchmarks.bands --write
	$(BIN)/python -m benchmarks.products

world: $(STAMP)
	$(BIN)/comity world build --data ../shared/data

validate: $(STAMP)
	$(BIN)/comity validate

# pages and pictures that come from a run; needs the data folder
docs: $(STAMP)
	$(BIN)/comity validate --write docs/validation.md > /dev/null
	$(BIN)/python docs/pictures.py

# uv when it is there (fast), else venv and pip; both install the versions of requirements.lock
$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "comity needs Python 3.11 or newer; found " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 demo")'
	@if command -v uv >/dev/null 2>&1 && echo "Setting up $(VENV) with uv" && \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV) && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps -e .; then :; else \
		echo "Setting up $(VENV) with pip (a minute or two)"; \
		$(PYTHON) -m venv --clear $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@$(BIN)/python -m compileall -q src  # else the first command does it, which then takes half a second longer
	@$(BIN)/python -c 'from comity.report.templates import report; report()'
	@touch $(STAMP)

# half a gigabyte that only the tests of one driver need; without it they skip
$(JAX): requirements-jax.lock $(STAMP)
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python -r requirements-jax.lock; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-jax.lock; \
	fi || echo "JAX could not be installed: its tests will skip"
	@touch $(JAX)

clean:
	rm -rf $(VENV) results .pytest_cache .mypy_cache .ruff_cache
