# `make` alone lists the targets. Each sets up what it needs and can be repeated.

PYTHON ?= python3.11
DATA ?= starter
CONFIG ?= training/configs/default.yaml
MODEL ?= catdog:latest
COUNT ?= 10000
MINUTES ?= 60
PORT ?= 3000
HOST ?= 0.0.0.0
ENGINE ?=
BASE_IMAGE ?= docker.io/library/python:3.11-slim
VARIANT ?= cpu

export BENTOML_HOME ?= $(CURDIR)/.bentoml
export CATDOG_CACHE ?= $(CURDIR)/.cache
export CATDOG_RUNS ?= $(CURDIR)/runs
export BENTOML_DO_NOT_TRACK = True

VENV := .venv
PY := $(VENV)/bin/python
TRAIN_SET := $(VENV)/.train
IMAGE_SET := $(VENV)/.image
SCORE_SET := $(VENV)/.score
DEV_SET := $(VENV)/.dev
comma := ,
# a variable's value as one word of the shell, whatever is in it
quoted = '$(subst ','\'',$(value $(1)))'
# an audit's CSV, as options that begin with $(1)
decided = $(if $(value EXCLUDE),$(1)exclude $(call quoted,EXCLUDE)) $(if $(value RELABEL),$(1)relabel $(call quoted,RELABEL))

# refuses an audit's CSV in a target that would pass over it; $(1) says what to do instead
undecided = $(if $(value EXCLUDE)$(value RELABEL),echo "Error: EXCLUDE= and RELABEL= are for make train and make audit. $(1)" >&2; exit 1,:)

# the model to serve, where one was named; what else is in the environment stays
chosen = $(if $(filter-out file,$(origin MODEL)),CATDOG_MODEL=$(call quoted,MODEL))

.DEFAULT_GOAL := help
.PHONY: help serve train shards evaluate predict score audit models rollback bench bench-train bench-score screenshots fuzz soak lessons model test lint format lock bento image image-base image-test cpu-variant bench-image vulnerabilities release clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: model  ## answer on port 3000 (PORT=, HOST=, MODEL=), after making a model where there is none
	@echo "== Serving on $(HOST), http://localhost:$(PORT) (Ctrl-C stops)"
	@$(chosen) exec $(VENV)/bin/bentoml serve service.service:CatDog --host $(HOST) --port $(PORT)

model: $(TRAIN_SET)  # the promoted model; made from the starter set where there is none
	@said=$$($(PY) -m service model 2>&1 >/dev/null); status=$$?; \
	if [ $$status -eq 3 ]; then \
		echo "== There is no model yet: making one from the starter set"; \
		make --no-print-directory train DATA=starter; \
	elif [ $$status -ne 0 ]; then echo "$$said" >&2; exit $$status; fi

train: $(TRAIN_SET)  ## retrain: DATA=starter, oxford-pets, a folder or shards; CONFIG=; EXCLUDE=, RELABEL=; RESUME=false; DEVICES=, NODES= (docs/distributed.md)
	@echo "== Training on" $(call quoted,DATA)
	@$(PY) -m training fit --config $(CONFIG) --data.source $(call quoted,DATA) $(call decided,--data.) \
		$(if $(DEVICES),--trainer.devices $(DEVICES)) $(if $(NODES),--trainer.num_nodes $(NODES)) \
		$(if $(RESUME),--resume $(RESUME))
ifneq ($(and $(NODES),$(filter-out 0,$(NODE_RANK))),)
	@echo "== The first machine exports, judges, promotes"
else
	@echo "== Exporting, judging, promoting"
	@$(PY) -m training release
endif

evaluate: $(TRAIN_SET)  ## judge a model on pictures it has not seen, with a report: DATA=folder, MODEL=catdog:latest, JSON=1
	@$(call undecided,Move the pictures that are to be left out away$(comma) and wrong ones to their label.)
	@$(PY) -m training evaluate $(call quoted,DATA) --model $(call quoted,MODEL) $(if $(JSON),--json)

predict: $(TRAIN_SET)  ## answer without a server: IMAGES="a.jpg b.jpg", MODEL=
	@$(PY) -m service predict $(if $(filter-out file,$(origin MODEL)),--model $(call quoted,MODEL)) $(IMAGES)

shards: $(TRAIN_SET)  ## write DATA into tars at OUT, a DATA themselves, for what fits no disk (docs/distributed.md)
	@$(call undecided,Train with them$(comma) then write the shards of that run: make shards DATA=runs/.../manifest.csv OUT=...)
	@$(PY) -m data.sharding $(call quoted,DATA) $(call quoted,OUT)

score: $(SCORE_SET)  ## any number of pictures: IN=folder, list, Parquet or tar, OUT=folder (docs/scoring.md)
	@$(PY) -m scoring $(if $(filter-out file,$(origin MODEL)),--model $(call quoted,MODEL)) $(call quoted,IN) $(call quoted,OUT)

audit: $(TRAIN_SET)  ## look for wrong labels, duplicates, no animals: DATA= (docs/audit.md)
	@$(PY) -m training audit $(call quoted,DATA) $(call decided,--)

models: $(TRAIN_SET)  ## list the promoted models and their figures: JSON=1
	@$(PY) -m service models $(if $(JSON),--json)

rollback: $(TRAIN_SET)  ## put the model before this one back into service, or TAG=
	@$(PY) -m service rollback $(if $(TAG),$(call quoted,TAG))

bench: model  ## requests a second, beside the engine alone, LitServe and FastAPI: DATA=photographs
	@$(PY) -m benchmarks.serving --photographs $(call quoted,DATA) --model $(call quoted,MODEL)

bench-train: $(TRAIN_SET)  ## pictures a second of training, its loader and its ceiling: DATA=
	@$(PY) -m benchmarks.training_speed --source $(call quoted,DATA)

bench-score: model $(SCORE_SET)  ## pictures a second of scoring, beside its engine alone; two nodes beside one: DATA=
	@$(PY) -m benchmarks.scoring --photographs $(call quoted,DATA) --model $(call quoted,MODEL)

lessons: $(TRAIN_SET)  ## the lecture, runnable: train what it shows, write its page
	@$(PY) -m lessons

test: $(DEV_SET)  ## all tests; CATDOG_PHOTOS=folder adds those on real photographs
	@$(PY) -m pytest

screenshots: model $(DEV_SET)  ## photograph the page, with Chromium, into docs/screenshots/
	@$(PY) -m tests.page.screenshots

fuzz: $(DEV_SET)  ## COUNT=10000 spoiled pictures and requests to a server of its own (docs/abuse.md)
	@$(PY) -m tests.abuse.fuzz --count $(COUNT)

soak: $(DEV_SET)  ## MINUTES=60 of mixed traffic; known network, or MODEL= (docs/abuse.md)
	@$(PY) -m tests.abuse.soak --minutes $(MINUTES) \
		$(if $(filter-out file,$(origin MODEL)),--model $(call quoted,MODEL))

lint: $(DEV_SET)  ## ruff and mypy
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

format: $(DEV_SET)  ## let ruff format and mend
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bento: model  ## package the promoted model and the service
	@$(VENV)/bin/bentoml build

image: model $(IMAGE_SET)  ## an OCI image of the promoted model: MODEL=, BASE_IMAGE=, ENGINE=, VARIANT=gpu (docs/image.md)
	@$(PY) -m deploy.image build --model $(call quoted,MODEL) --variant $(call quoted,VARIANT) --base $(call quoted,BASE_IMAGE) --engine $(call quoted,ENGINE)

image-base: $(TRAIN_SET)  ## a base image where no registry can be reached, with debootstrap: ENGINE=
	@$(PY) -m deploy.image base --cache "$(CATDOG_CACHE)/image" --engine $(call quoted,ENGINE)

image-test: cpu-variant image $(DEV_SET)  ## start that image as it is to be deployed, ask it, end it, look inside
	@CATDOG_IMAGE=$$($(PY) -m service model --model $(call quoted,MODEL)) CATDOG_IMAGE_TEST=required ENGINE=$(call quoted,ENGINE) \
		$(PY) -m pytest tests/image

cpu-variant:  # before anything is built
	@[ $(call quoted,VARIANT) = cpu ] || { echo "Error: only the CPU variant is tested and measured here; start the other where a GPU is (docs/image.md)."; exit 1; }

bench-image: cpu-variant image  ## requests a second in a container beside those outside: DATA=photographs
	@$(PY) -m benchmarks.container --photographs $(call quoted,DATA) --engine $(call quoted,ENGINE) --model $(call quoted,MODEL)

vulnerabilities: $(IMAGE_SET)  ## every locked package against PyPI's list of known vulnerabilities
	@$(PY) -m deploy.vulnerabilities

lock: $(DEV_SET)  ## resolve requirements/*.in anew (pins and hashes)
	@for set in serve heic gpu train image score dev; do \
		$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
			--generate-hashes --no-emit-index-url --no-header --annotation-style line \
			requirements/$$set.in -o requirements/$$set.txt || exit 1; \
	done

release: $(DEV_SET)  ## say what is missing for a release: VERSION=1.2.3 (docs/operations.md)
	@$(PY) -m deploy.release $(call quoted,VERSION)

clean:  ## remove the environment; runs, models and downloads stay
	rm -rf $(VENV)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "Error: $(PYTHON) is not there. Install Python 3.11, or name yours: make PYTHON=..."; exit 1; }
	@echo "== Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Error: $(VENV) cannot be made. On Debian and Ubuntu: apt-get install python3.11-venv"; exit 1; }

$(TRAIN_SET): requirements/train.txt | $(VENV)/bin/python
	@echo "== Installing what trains and serves (about 7 GB, some minutes the first time)"
	@$(PY) -m pip install --require-hashes -r requirements/train.txt
	@touch $@

$(IMAGE_SET): requirements/image.txt | $(TRAIN_SET)
	@echo "== Installing what lists packages and looks for vulnerabilities"
	@$(PY) -m pip install --quiet --require-hashes -r requirements/image.txt
	@touch $@

$(SCORE_SET): requirements/score.txt | $(VENV)/bin/python
	@echo "== Installing what scores (about 1.5 GB)"
	@$(PY) -m pip install --quiet --require-hashes -r requirements/score.txt
	@touch $@

$(DEV_SET): requirements/dev.txt | $(TRAIN_SET)
	@echo "== Installing what tests"
	@$(PY) -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
