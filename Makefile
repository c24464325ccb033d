# `make` lists what can be done. Everything is installed into .venv; nothing else on this machine is changed,
# but for tmux, git and venv, which are installed where they are missing (tools/ensure_tools.py).

VENV := .venv
BIN := $(VENV)/bin
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
MAKE_VENV = test -x $(BIN)/python || $(PYTHON) -m venv --clear $(VENV) # one made by another Python must not be mixed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -n 2

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt e2e agent nightly matrix bench walk pictures packaging release tools

help: ## list this
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s  %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed tools ## see it work in a throw-away repository, without an account (DETACH=1: do not attach)
	@if [ -z "$(DETACH)" ] && [ -t 0 ] && [ -t 1 ]; then detach=; else detach=-d; fi; $(BIN)/orchestra up --demo $$detach
	@printf '%s\n' "" "Take part in it:" \
		"  cd $$(ls -d "$${ORCHESTRA_HOME:-$$HOME/.orchestration}"/demo/*/widgets | head -n 1) && PATH=\"$(CURDIR)/$(BIN):\$$PATH\"" \
		"  orchestra list            who needs you" \
		"  orchestra tell 2 sliding  answer worker 2" \
		"  orchestra spawn 4         start one more" \
		"  orchestra attach          see the panes; leave them with the prefix (Ctrl-B) and d" \
		"  orchestra down            end it"

test: $(VENV)/developing tools ## run all tests, with the real Claude Code program where there is npm
	$(PYTEST)

check: $(VENV)/developing tools ## lint, types, imports, and the tests that need neither tmux nor an agent
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --platform darwin
	$(BIN)/lint-imports
	$(PYTEST) -m fast

e2e: $(VENV)/developing tools ## run the journeys only: told through the command line, in real tmux
	$(PYTEST) -m "journey or real"

agent: $(VENV)/developing tools ## run the tests with the real Claude Code: VERSION=x (oldest, middle, newest, latest, all, 2.1.x)
	$(PYTEST) -m real --agent-version $(or $(VERSION),newest)

nightly: $(VENV)/developing tools ## the long runs: every kill point, ten thousand hostile strings, a thousand commands
	$(PYTEST) --nightly -m nightly --timeout 7200
	$(BIN)/python tools/matrix.py

matrix: $(VENV)/developing tools ## run the tmux tests with every version there are sources of (TMUX_SOURCES=DIR or =apt)
	$(BIN)/python tools/matrix.py $(VERSIONS)

bench: $(VENV)/developing tools ## measure, and compare with the budgets
	$(BIN)/python tools/bench.py

walk: $(VENV)/developing tools ## write the screens of docs/walk.md anew
	PYTHONPATH=tests $(BIN)/python -m support.walk

pictures: $(VENV)/developing ## draw the pictures of the docs anew (docs/pictures)
	PYTHONPATH=tests $(BIN)/python -m support.pictures

packaging: $(VENV)/developing ## write packaging/ anew: the man page, the completions, Debian's control file
	PYTHONPATH=tools $(BIN)/python tools/package_files.py

release: $(VENV)/developing tools ## build dist/, install it by pip, uv and pipx, run the demo from it (TAG=v1.2.3)
	$(BIN)/python tools/release.py $(if $(TAG),--tag $(TAG))

fmt: $(VENV)/developing ## format, and fix what lint can fix
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

tools:
	@test -n "$(PYTHON)" || { echo "orchestra needs Python 3.11 or newer; install it, or say where: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) tools/ensure_tools.py

# What is installed where, by the file that says what it needs.
$(VENV)/installed: pyproject.toml | tools
	@echo "installing orchestra into $(VENV)"
	@$(MAKE_VENV)
	@$(PIP) install --editable .
	@touch $@

$(VENV)/developing: pyproject.toml | tools
	@echo "installing orchestra and its tools for development into $(VENV)"
	@$(MAKE_VENV)
	@$(PIP) install --editable '.[dev]'
	@touch $@
