# Two commands do everything on a machine with Rust and Python: `make demo` and `make test`.

CARGO ?= cargo
PYTHON ?= python3
# third-party corpora for measuring; what is missing is passed over with one line
COPYTASTER_CORPUS ?= ../shared
export COPYTASTER_CORPUS
# tools/setup puts nats-server here when PATH has none
export PATH := $(CURDIR)/.tools:$(PATH)

.PHONY: help setup build release demo test tidy core evaluate floors bench faults properties fuzz

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## checks Rust, finds or fetches nats-server
	@$(PYTHON) tools/setup

build: setup ## the binary that the tests use
	$(CARGO) build --locked

release: setup ## the binary that a desk runs
	COPYTASTER_REVISION=$$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown) $(CARGO) build --locked --release

demo: build ## sample wire copy through a private server, the events shown for people
	$(PYTHON) tools/with-nats $(PYTHON) tools/demo

# of the cases that properties invent: one seed, so that a change is judged and not the day; `make properties` draws anew
SEED ?= 20231106

test: setup tidy core build ## all that CI runs
	$(PYTHON) tools/with-nats $(PYTHON) tools/demo --check
	$(PYTHON) tools/evaluate.py --check --binary target/debug/copytaster
	$(CARGO) test --locked --doc
	PROPTEST_RNG_SEED=$(SEED) $(CARGO) test --locked --lib --bins --test it

tidy: ## format and lints
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

core: ## the pure core, without anything that has windows to the outside
	$(CARGO) check --locked --lib --no-default-features

evaluate: release ## one table of quality from the corpora
	$(PYTHON) tools/evaluate.py

floors: build ## raises the floors that CI holds to what is measured now
	$(PYTHON) tools/evaluate.py --raise --binary target/debug/copytaster
	FLOORS=raise $(CARGO) test --locked --test it annotated::

bench: release ## rooms one by one, then the whole daemon beside plain pass-through
	$(CARGO) bench --locked
	$(PYTHON) tools/with-nats target/release/copytaster bench --remember 1000000

faults: setup ## the long fault run: 200 schedules, prints its seed
	COPYTASTER_FAULT_SCHEDULES=200 COPYTASTER_FAULT_STORIES=1050 COPYTASTER_FAULT_TOGETHER=4 \
	$(CARGO) test --locked --release --test it faults:: -- --nocapture

properties: setup ## each property with 40 times the cases, from a new seed, which is printed
	@seed=$$($(PYTHON) -c 'import secrets; print(secrets.randbits(63))'); echo "seed $$seed"; \
	COPYTASTER_PROPERTY_TIMES=40 PROPTEST_RNG_SEED=$$seed $(CARGO) test --locked --release --test it -- \
	account:: dedup:: pipeline:: region::

# seconds for each target
FUZZ_SECONDS ?= 60

fuzz: ## each fuzz target for FUZZ_SECONDS (nightly, cargo-fuzz); crashes become regressions that `make test` replays
	@$(PYTHON) tools/fuzz --seconds $(FUZZ_SECONDS)
