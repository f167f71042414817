# make run    the editor on a sample picture (without a display: fills it from the command line)
# make test   the tests and the layer contracts, as the continuous integration runs them
# make check  format, lint, types, layers, tests
# make bench  the benchmark table (also build/bench.json)
# make learn  an overfit run of every generator on sixteen crops of DATA=folder; hours on two cores
# make orderings  do the papers' comparisons hold on a small budget? an hour on two cores
# make quality  figures and contact sheets of every usable backend on the photographs of EVAL=folder
# make monkey       20,000 random actions at the window; SEED=number
# make snapshots    takes the pictures of all windows anew and accepts what has changed
# make bundle       the program as one folder that needs no Python, in dist/lacuna
# make bundle-test  runs that program in an empty environment, with a person at a virtual display
# make deb          packs it for Debian and Ubuntu      make wheel  wheel and source archive, checked
# make docs         the user guide as web pages in build/docs, links checked
# Every target sets up what it needs in .venv; nothing outside the checkout is changed except
# missing system libraries, and those only when the user may install them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SAMPLE := resources/sample/rocket
DATA ?= ../shared/data/open-768
EVAL ?= ../shared/data/eval

.PHONY: run test check format lint type arch bench learn orderings quality monkey screenshots snapshots clean
.PHONY: bundle bundle-test deb wheel docs translations
.DELETE_ON_ERROR:

run: $(VENV)/.run
	@packaging/system-packages.sh run
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  echo "No display here, so the sample is filled from the command line:"; \
	  $(BIN)/lacuna demo --output build/demo; \
	else $(BIN)/lacuna $(SAMPLE).jpg --mask $(SAMPLE)_mask.png; fi

test: $(VENV)/.dev
	@packaging/system-packages.sh test
	$(BIN)/lint-imports
	$(BIN)/lacuna self-test
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadfile -m "not e2e"
	$(BIN)/pytest -q -m e2e

check: lint type test

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

type: $(VENV)/.dev
	$(BIN)/mypy

arch: $(VENV)/.dev
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/contracts

bench: $(VENV)/.bench
	@packaging/system-packages.sh test
	$(BIN)/python -m tests.benchmarks

learn: $(VENV)/.dev
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.learn --data $(DATA)

orderings: $(VENV)/.dev
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m tests.benchmarks.orderings --data $(DATA)

quality: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks.quality --data $(EVAL)

monkey: $(VENV)/.dev
	$(BIN)/python -m tests.app.monkey --actions 20000 --seed $(or $(SEED),0)

screenshots: $(VENV)/.dev
	@packaging/system-packages.sh test
	$(BIN)/python docs/make_screenshots.py

snapshots: $(VENV)/.dev
	@packaging/system-packages.sh test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.app.snapshots

bundle: $(VENV)/.bundle
	@packaging/system-packages.sh bundle
	$(BIN)/pyinstaller --noconfirm --log-level WARN --distpath dist --workpath build/pyinstaller \
	  packaging/lacuna.spec
	$(BIN)/python packaging/sizes.py

bundle-test: $(VENV)/.bundle
	@packaging/system-packages.sh test
	$(BIN)/pytest -q packaging/checks
	$(BIN)/python packaging/start_times.py

deb:
	@packaging/system-packages.sh deb
	desktop-file-validate packaging/linux/lacuna.desktop
	appstreamcli validate --no-net packaging/linux/lacuna.metainfo.xml
	$(BIN)/python packaging/make_deb.py
	$(BIN)/python packaging/try_deb.py

wheel: $(VENV)/.bundle
	rm -f dist/lacuna_inpaint-*
	$(BIN)/python -m build --outdir dist
	$(BIN)/python packaging/try_wheel.py

docs: $(VENV)/.docs
	$(BIN)/python docs/make_keys.py
	$(BIN)/mkdocs build --strict

translations: $(VENV)/.dev
	$(BIN)/python packaging/make_translations.py

# One virtual environment; each stamp adds what its targets need. A changed pin or range reinstalls.
$(VENV)/bin/python:
	@packaging/system-packages.sh python
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) -e ".[dev]"
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.dev
	$(INSTALL) -e ".[dev,bench]"
	@touch $@

$(VENV)/.bundle: $(VENV)/.dev
	$(INSTALL) -e ".[dev,bundle]"
	@touch $@

$(VENV)/.docs: $(VENV)/.dev
	$(INSTALL) -e ".[dev,docs]"
	@touch $@

clean:
	rm -rf $(VENV) build dist
