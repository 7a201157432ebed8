# Everything a checkout needs, from nothing but git, make and a Python >= 3.11. `make` alone lists the targets.
# The virtual environment is ./.venv; uv makes it where uv is installed, else venv and pip do.

VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
WANTED := 3.11

# The newest Python on the PATH that is new enough; PYTHON=/path/to/python overrides it.
FIND_PYTHON = for candidate in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
	if command -v $$candidate >/dev/null 2>&1 && $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then command -v $$candidate; break; fi; done

.DEFAULT_GOAL := help
.PHONY: help setup test crash soak accept check conformance demo bench bench-watch docs clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

setup: $(READY)  ## make ./.venv with agentsync (editable) and everything its development needs

$(READY): pyproject.toml
	@python="$$($(FIND_PYTHON))"; \
	if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing $${python:+--python "$$python"} --python-preference system $(VENV) && \
		uv pip install --quiet --python $(BIN)/python --editable . --group dev; \
	elif [ -n "$$python" ]; then \
		"$$python" -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev; \
	else \
		echo "make: no Python >= $(WANTED) found on the PATH; install one, or run: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; \
	fi
	@touch $(READY)

test: $(READY)  ## run all tests, in parallel
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

crash: $(READY)  ## kill runs at every step, fail every call to the disk, kill the real program again and again
	AGENTSYNC_CRASH=all $(BIN)/python -m pytest -q -s --numprocesses 0 tests/test_sync_crash.py $(ARGS)

soak: $(READY)  ## 100,000 random rounds (AGENTSYNC_ROUNDS: another number), a larger planner, the corpus in ten projects, the daemon in a storm, real hook managers
	failed=0; $(BIN)/python -m tests.soak || failed=1; \
	AGENTSYNC_SOAK=1 AGENTSYNC_RESTS=60 $(BIN)/python -m pytest -q -s --numprocesses 0 tests/laws/test_planner.py tests/laws/test_merge_laws.py \
		tests/laws/test_rests.py tests/test_watch_soak.py tests/test_hook_managers.py tests/test_end_to_end.py tests/screens $(ARGS) || failed=1; \
	exit $$failed

accept: $(READY)  ## write the goldens and the screens of the stories again, for you to look at before you commit them
	$(BIN)/python -m pytest --accept tests/golden tests/screens $(ARGS)

check: $(READY)  ## ruff, mypy --strict, generated documents up to date
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

conformance: $(READY)  ## ask the real assistants what they make of what agentsync writes; installs them first
	$(BIN)/python -m tests.conformance $(ARGS)

docs: $(READY)  ## write the generated documents again
	$(BIN)/python docs/generate.py

demo: $(READY)  ## convert a few agents and show what becomes of them
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh demo/demo.sh

bench: $(READY)  ## measure convert beside a loop that only copies the files, sync beside a bare walk of the copies, and what hooks cost a commit
	$(BIN)/python benchmarks/convert.py $(ARGS)
	$(BIN)/python benchmarks/sync.py
	$(BIN)/python benchmarks/hook.py

bench-watch: $(READY)  ## measure the daemon: from a save to the last copy, and what it costs while idle; takes a quarter of an hour
	$(BIN)/python benchmarks/watch.py $(ARGS)

clean:  ## remove what the targets above made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
