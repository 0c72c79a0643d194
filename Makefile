# Haier Market on one machine that has only Python 3.11 and make. `make help` says what there is.
# Everything is installed into .venv and kept in .data, both inside this directory.

.DEFAULT_GOAL := help
.PHONY: help run test soak bench manage lock lint format messages clean

PYTHON := .venv/bin/python
STAMP := .venv/installed
SERVED := -m haier_market.embedded exec --profile
export PYTHONUNBUFFERED := 1
# A company with a certificate authority of its own has it in the system's store.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1

help: ## what each word does
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1: /p' Makefile

run: $(STAMP) ## the market at http://127.0.0.1:8000 (PORT=8001 chooses another), until Ctrl-C
	@exec $(PYTHON) -m haier_market.run --end-with-parent $(ARGS)

test: $(STAMP) ## every check and every test but the long proofs (ARGS="..." is handed to pytest)
	@exec $(PYTHON) $(SERVED) test -- $(PYTHON) -m tests.run_checks $(ARGS)

soak: $(STAMP) ## the long proofs: less than 20 minutes on two quiet cores, ended after 50
	@exec $(PYTHON) $(SERVED) test -- $(PYTHON) -m tests.run_checks --soak $(ARGS)

lint: $(STAMP) ## the checks of `make test` without its tests
	@exec $(PYTHON) $(SERVED) test -- $(PYTHON) -m tests.run_checks --checks-only

format: $(STAMP) ## put code and templates into the house's format
	@.venv/bin/ruff check --quiet --fix-only . && .venv/bin/ruff format --quiet . \
	  && { .venv/bin/djade --target-version 5.2 $$(find templates -name '*.html') || true; }

bench: $(STAMP) ## nights, histories, pages and django-hordak as ratios, 20 minutes (ARGS=--quick: one; ARGS=--help)
	@exec $(PYTHON) $(SERVED) bench -- $(PYTHON) -m benchmarks $(ARGS)

manage: $(STAMP) ## any management command on the demo's data: make manage ARGS="check_books"
	@exec $(PYTHON) $(SERVED) demo -- $(PYTHON) manage.py $(ARGS)

messages: $(STAMP) ## compile the message catalogues
	@exec $(PYTHON) -m haier_market.catalogues

lock: $(STAMP) ## compile requirements/*.in into *.txt with hashes
	@for name in uv runtime dev; do \
	  .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	    requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean: ## stop nothing, but remove the demo's and the tests' data, caches and collected files
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m haier_market.embedded clean; fi
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# The environment, made again only when the locked requirements change.
$(STAMP): requirements/dev.txt requirements/uv.txt
	@set -e; \
	if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  found=''; \
	  for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Python 3.11 or later is needed; here is $$(python3 --version 2>&1 || echo none)." \
	      "Install it so that python3 or python3.11 finds it, then run make again." >&2; \
	    exit 1; \
	  fi; \
	  rm -rf .venv; \
	  if ! "$$found" -m venv .venv; then \
	    echo "$$found cannot make an environment. On Debian: apt-get install python3-venv" >&2; \
	    rm -rf .venv; exit 1; \
	  fi; \
	fi; \
	echo "Installing the locked packages into .venv..."; \
	$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip --upgrade >/dev/null; \
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt; \
	.venv/bin/uv pip sync --quiet --no-cache --python $(PYTHON) --require-hashes requirements/dev.txt; \
	touch $@
