# Two commands are all a newcomer needs: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
BUILD_NEEDS := $(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'

COMPILED := .venv-compiled
COMPILED_STAMP := $(COMPILED)/.installed
COMPILED_TESTS ?= tests/unit tests/contract tests/privacy tests/fuzz/test_express.py tests/integration/test_http_express.py tests/integration/test_http_api.py \
	tests/integration/test_journal.py tests/integration/test_sqlite_ledger.py tests/integration/test_operator_links.py \
	tests/integration/test_smpp_*.py tests/integration/test_webhook*.py tests/integration/test_own_webhooks.py \
	tests/integration/test_several_recipients.py tests/integration/test_facade_*.py

# Tests run in so many processes at once, twice as many as CI has cores, since they wait half of the time; 0 for one, which
# debuggers want. A process that has done its tests takes some that another has not begun.
WORKERS ?= 4
PARALLEL := --numprocesses $(WORKERS) --dist worksteal

# Else every process of every test would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-all lint compiled test-compiled check-python bench constraints clean

demo: $(STAMP)
	$(BIN)/connect-gateway demo $(if $(KEEP),--keep)

test: $(STAMP)
	$(BIN)/pytest -m "not slow" $(PARALLEL)

# The slow ones one by one: they measure, or take all that the machine has.
test-all: test
	$(BIN)/pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks

compiled: $(COMPILED_STAMP)
	$(COMPILED)/bin/connect-gateway --version

# The installed packages stand before the checkout in Python's path, and so the tests come from here and nothing else.
test-compiled: $(COMPILED_STAMP)
	PYTHONSAFEPATH=1 CONNECT_GATEWAY_BUILD=compiled $(COMPILED)/bin/pytest --import-mode=append -m "not slow" $(PARALLEL) $(COMPILED_TESTS)

check-python:
	@command -v $(PYTHON) >/dev/null || { echo "missing: $(PYTHON) (Python 3.11 or newer; set PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "missing: Python 3.11 or newer; $(PYTHON) is older (set PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "missing: the venv module of $(PYTHON) (on Debian: the package python3-venv)" >&2; exit 1; }

$(STAMP): pyproject.toml constraints.txt | check-python
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

# An environment of its own, into which a wheel with compiled modules is installed. Needs a C compiler; OpenSSL's headers, too,
# or sealing stays interpreted. A cache of its own, too, so that `make lint` may run beside it.
$(COMPILED_STAMP): pyproject.toml setup.py constraints.txt $(shell find compiling config redaction operators gateway benchmarks -type f -not -path '*/__pycache__/*') | check-python
	@command -v $${CC:-cc} >/dev/null || { echo "missing: a C compiler (on Debian: gcc and the headers of Python, python3-dev)" >&2; exit 1; }
	@echo '#include <openssl/evp.h>' | $${CC:-cc} -E - >/dev/null 2>&1 || echo "without the headers of OpenSSL (on Debian: libssl-dev) sealing is not compiled" >&2
	@test -x $(COMPILED)/bin/python || $(PYTHON) -m venv $(COMPILED)
	$(COMPILED)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	rm -rf build
	CONNECT_GATEWAY_COMPILED=1 MYPY_CACHE_DIR=.mypy_cache/compiled $(COMPILED)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
	$(COMPILED)/bin/python -c 'import sysconfig, pathlib; pathlib.Path(sysconfig.get_path("purelib"), "checkout.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@touch $(COMPILED_STAMP)

# Pins every version, with hashes, from pyproject.toml: for all Pythons from 3.11 at once, whichever runs this, since some
# packages ask for others on some versions only.
constraints: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BUILD_NEEDS) | $(COMPILE) --extra dev --output-file constraints.txt pyproject.toml -
	$(BUILD_NEEDS) | $(COMPILE) --constraint constraints.txt --output-file constraints-runtime.txt pyproject.toml -

clean:
	rm -rf $(VENV) $(COMPILED) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-data benchmark-data
