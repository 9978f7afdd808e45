# make run   start the program        make test   lint, types, floors and tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS   ?= 2

.PHONY: run test check fuzz test-isolated benchmark screenshots lock clean

run: $(VENV)/.run-installed
	@$(BIN)/python main.py --check-system
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
	    exec $(BIN)/python main.py; \
	else \
	    echo "No display found: running 'spectra demo' in the terminal instead of the window."; \
	    exec $(BIN)/spectra demo; \
	fi

test: $(VENV)/.dev-installed check
	$(BIN)/python -m pytest -n $(JOBS)

check: $(VENV)/.dev-installed
	@$(BIN)/python main.py --check-system
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --config pyproject.toml

fuzz: $(VENV)/.dev-installed
	SPECTRA_FUZZ=10000 $(BIN)/python -m pytest -n $(JOBS) -m fuzz --timeout 3600

# The same suite against a built and installed wheel, in a network namespace without any interface.
test-isolated: $(VENV)/.dev-installed
	PYTHON=$(BIN)/python sh tests/house/isolated.sh

benchmark: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/.dev-installed
	$(BIN)/python benchmarks/screenshots.py --out docs/images

$(VENV)/.run-installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable . --config-settings editable_mode=compat
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.run-installed requirements-dev.lock
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Needs `uv` (pip install uv). The lock files name no registry on purpose.
lock:
	for set in run:requirements.lock:build dev:requirements-dev.lock:dev; do \
	    extra=$${set##*:}; file=$${set#*:}; file=$${file%:*}; \
	    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	        --no-emit-index-url --quiet --upgrade --extra $$extra pyproject.toml -o $$file || exit 1; \
	done

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
