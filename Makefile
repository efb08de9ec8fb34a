# Targets for people and for continuous integration; `make` alone lists them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
export PYTHON HOST PORT
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)

SCRIPTS := $(shell find static/js static/css templates -type f 2>/dev/null)
BUILT := static/build/manifest.json
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: help run test check lint types js-types imports fidelity bench assets lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/.ready-run $(BUILT) ## start the server on HOST (127.0.0.1) and PORT (8000), installing what it needs
	@exec python -m app serve

test: check $(BUILT) ## run the checks and every test; ARGS= goes to pytest
	@exec pytest $(ARGS)

check: lint types js-types imports ## run everything that reads the code without running it

lint: .venv/.ready-test ## ruff: rules and format
	@ruff check --quiet && ruff format --check --quiet

types: .venv/.ready-test ## mypy, strict
	@mypy

js-types: .venv/.ready-test ## TypeScript's checker over the JSDoc types
	@tsc -p static/js && tsc -p tests/js

imports: .venv/.ready-test ## who may import whom
	@lint-imports --no-logo

fidelity: .venv/.ready-test ## run CPython's own suites bare and traced: a program must not notice
	@exec python -m tests.fidelity $(ARGS)

bench: .venv/.ready-test $(BUILT) ## measure the server and the page
	@exec python -m bench $(ARGS)

assets: $(BUILT) ## build static/build from static/js, static/css and node_modules

lock: .venv/.ready-run ## resolve the lock files again from pyproject.toml and package.json
	pip install --quiet 'uv==0.13.9'
	$(LOCK) --upgrade pyproject.toml -o requirements.lock
	$(LOCK) --upgrade pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --upgrade --group node -o requirements-node.lock
	npm update --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove everything that was installed, built or cached here
	rm -rf .venv node_modules static/build .*_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.ready-run: requirements.lock package-lock.json
	@bash .ci/setup run

.venv/.ready-test: requirements-dev.lock package-lock.json
	@bash .ci/setup test

$(BUILT): static/assets.mjs package-lock.json $(SCRIPTS) | .venv/.ready-run
	@node static/assets.mjs
