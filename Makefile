# make run   start the program        make test   lint, types, floors and tests
# Another Python:  make run PYTHON=python3.12     (after `make clean` when .venv was made by another one)
PYTHON ?= python3
VENV   ?= .venv
JOBS   ?= 2
FUZZ   ?= 10000
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input

# What a user's shell may hold must not change what is installed or tested.
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONNOUSERSITE := 1
# The tests share the cores out among themselves; threads on top of that only wait for each other.
test fuzz test-isolated: export OPENBLAS_NUM_THREADS ?= 1

.PHONY: run test check system fuzz test-isolated benchmark screenshots lock clean

run: $(VENV)/.run-installed
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
	    exec $(BIN)/python main.py; \
	else \
	    echo "No display found: running 'spectra demo' in the terminal instead of the window."; \
	    exec $(BIN)/spectra demo; \
	fi

test: check
	$(BIN)/python -m pytest -n $(JOBS)

check: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo --config pyproject.toml

fuzz: $(VENV)/.dev-installed
	SPECTRA_FUZZ=$(FUZZ) $(BIN)/python -m pytest -n $(JOBS) -m fuzz --timeout 3600

# The same suite against a built and installed wheel, in a network namespace without any interface.
test-isolated: $(VENV)/.dev-installed
	@PYTHON=$(BIN)/python JOBS=$(JOBS) sh tests/house/isolated.sh

benchmark: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/.dev-installed
	$(BIN)/python benchmarks/screenshots.py --out docs/images --readme
	$(BIN)/python benchmarks/screenshots.py --out screenshots

# Asked before anything is downloaded, and each time: one sentence instead of a traceback from Qt.
system:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Spectra needs Python 3.11 or later; '$(PYTHON)' was not found: install it, or name it with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Spectra needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())'): name a newer one, for example make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) main.py --check-system

# An install that was interrupted leaves .installing behind (with the process that wrote it, which is
# gone), and the next one starts afresh; one that is still going on is left alone.
define begin_install
@if [ -e $(VENV)/.installing ] && kill -0 "$$(cat $(VENV)/.installing)" 2>/dev/null; then \
    echo "Another make (process $$(cat $(VENV)/.installing)) is installing into $(VENV): wait for it, or stop it and delete $(VENV)/.installing" >&2; exit 1; \
fi
endef

$(VENV)/.run-installed: requirements.lock pyproject.toml | system
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Spectra needs Python's venv module: install it with sudo apt-get install python3-venv" >&2; exit 1; }
	$(begin_install)
	@if [ -e $(VENV)/.installing ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    echo "Making the environment in $(VENV) (once; a few minutes)"; \
	    $(PYTHON) -m venv --clear $(VENV); \
	fi
	@rm -f $@ && echo $$PPID >$(VENV)/.installing
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-index --no-build-isolation --editable . --config-settings editable_mode=compat
	@mv $(VENV)/.installing $@

$(VENV)/.dev-installed: $(VENV)/.run-installed requirements-dev.lock | system
	$(begin_install)
	@rm -f $@ && echo $$PPID >$(VENV)/.installing
	$(PIP) install --require-hashes -r requirements-dev.lock
	@mv $(VENV)/.installing $@

# Needs `uv` (pip install uv). The lock files name no registry on purpose.
lock:
	for set in run:requirements.lock:build dev:requirements-dev.lock:dev; do \
	    extra=$${set##*:}; file=$${set#*:}; file=$${file%:*}; \
	    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	        --no-emit-index-url --quiet --upgrade --extra $$extra pyproject.toml -o $$file || exit 1; \
	done

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
