# Everything runs in the project's own virtual environment; only Python 3.11+ and make are assumed.
#   make demo    synthesize, train the embedded tiny model, score it; prints where to look
#   make test    set up, then all checks and tests
#   make check   lint, types, import contracts
#   make bench   what an example costs, stage by stage; its forest, part by part; drawing, by size; measuring
# PyTorch with CUDA is large; a CPU build is enough for all of these:
#   make demo PIP_FLAGS="--extra-index-url <the address of PyTorch's CPU builds>"

PYTHON ?= python3
PIP_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: demo test check bench setup clean

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e ".[train,eval,ray,dev]"
	touch $@

demo: setup
	rm -rf demo
	$(BIN)/python training/sft.py --config training/configs/tiny_demo.yaml --output_dir demo/model
	$(BIN)/octa-svr images dropout_ma --out demo/unseen_scanner --split test --num 40 --seed 1000 --config-file eval/configs/unseen_scanner.yaml
	$(BIN)/python eval/zero_shot.py --real_dir demo/unseen_scanner --model demo/model --out demo/report
	@echo
	@echo "Synthetic test images   demo/unseen_scanner"
	@echo "Fine-tuned tiny model   demo/model"
	@echo "Report and predictions  demo/report"

test: check
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python benchmarks/stages.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/drawing.py
	$(BIN)/python benchmarks/measurement.py

clean:
	rm -rf $(VENV) demo
