# Two targets do all set-up on a machine that has only Python and make: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# the matrices here are small: threads cost more than they bring, and two test workers share two cores
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
# without kept bytecode every one of the many processes here compiles its libraries again
unexport PYTHONDONTWRITEBYTECODE
# pip would compile every module of 170 packages; Python compiles what is imported, and keeps it
INSTALL := $(BIN)/python -m pip install --quiet --no-compile

.DEFAULT_GOAL := help
.PHONY: help demo test pytest test-long unlocked lint lab docs site size bench example lock clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --editable .
	touch $@

$(STAMP)-test: requirements-test.lock $(STAMP)
	$(INSTALL) --require-hashes -r requirements-test.lock
	touch $@

demo: $(STAMP)  ## run two example studies and say where the reports are
	$(BIN)/python -m werkbank demo

test: lint pytest  ## lint, types and every test (seeded subsets of the long ones)

pytest: $(STAMP)-test
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

unlocked: $(STAMP)  ## install with the newest releases, and see that none of them talks between our lines
	.ci/unlocked

test-long: $(STAMP)-test  ## the full sizes: fuzz, calibration, fault seeds
	$(BIN)/python -m pytest -m long

lint: $(STAMP)-test  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(STAMP)  ## JupyterLab on the notebooks
	$(BIN)/python -m werkbank lab

site: $(STAMP)-test  ## the documentation as a site, in Dutch and English, without the network: build/site/index.html
	$(BIN)/python scripts/site.py

docs: $(STAMP)-test  ## regenerate docs/verification.md, tables, figures and outputs in docs and notebooks, and the JSON Schema
	$(BIN)/python scripts/verification.py
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/notebook_outputs.py
	$(BIN)/python scripts/shipped_cells.py
	$(BIN)/python -m werkbank schema > schema/study.schema.json
	$(BIN)/python scripts/study_page.py
	$(BIN)/python scripts/gallery.py

size: $(STAMP)  ## how large the package is
	$(BIN)/python scripts/size.py

bench: $(STAMP)  ## the tables of docs/performance.md, as ratios: an hour on a quiet machine (what is compared with is installed already)
	$(BIN)/python benchmarks/one.py
	$(BIN)/python benchmarks/one.py 1 --rows
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/batch.py --classes 6
	$(BIN)/python benchmarks/resampling.py
	$(BIN)/python benchmarks/checking.py

example: $(STAMP)  ## make the reports under reports/example again (needs pdftoppm)
	$(BIN)/python scripts/make_example_reports.py

lock:  ## resolve the dependencies again (needs uv)
	uv pip compile --quiet pyproject.toml --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --python-version 3.11 --upgrade -o requirements.lock
	uv pip compile --quiet pyproject.toml --group test -c requirements.lock --universal --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header --python-version 3.11 -o requirements-test.lock

clean:  ## remove the environment and what was made
	rm -rf $(VENV) reports/demo
