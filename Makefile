# What people and the CI type. Each target works in a fresh clone; `make` alone lists them.

# Where cargo puts what it builds.
TARGET := $(or $(CARGO_TARGET_DIR),target)
# How much `make soak` does: CASES for each property, FUZZ_SECONDS for each fuzz target (60 in `make fuzz`, 100 in `make soak`).
# The defaults let `make -j2 soak` end within about three quarters of an hour on two idle cores, so that people run it; raise them for a night.
CASES ?= 5000

# The cross compiler that scripts/setup.sh puts into the checkout; and the folder of python3 itself, where what PATH has is a shell
# script that chooses one (pyenv): that takes 0.1 s of each of the samples' thousands of builds.
PYTHON := $(shell d=$$(python3 -ISc 'import os, sys; print(os.path.dirname(sys.executable))' 2>/dev/null); case :$$PATH: in (*:"$$d":*) ;; (*) echo "$$d:" ;; esac)
export PATH := $(CURDIR)/target/tools/bin:$(PYTHON)$(PATH)

# With -j, make hands its slots on by file descriptors that what it starts does not have; cargo would warn of that.
unexport MAKEFLAGS MFLAGS

.DEFAULT_GOAL := help
.PHONY: help setup rehearse test test-examples test-clients test-workflows test-python fuzz mutants package deny wheel bench soak soak-setup soak-properties soak-model soak-simulator soak-fuzz fmt lint clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what the rehearsals, the tests and the lints need, and is not there
	scripts/setup.sh rehearse test lint

rehearse: ## Run the whole flow on this machine, on real executables (ARGS=--keep and so on)
	scripts/setup.sh rehearse
	cargo build --release --locked -p lockgate
	$(TARGET)/release/lockgate rehearse $(ARGS)

test: ## Run every test, those of the examples, and the fuzz targets over their seeds
	scripts/setup.sh test
	cargo test --workspace --locked
	cargo test --workspace --locked --test runner
	+$(MAKE) --no-print-directory -j2 --output-sync=target test-examples test-clients test-workflows test-python

# Two at a time: each of them waits a good part of its time for one process.
test-examples test-clients test-workflows test-python: test-%:
	python3 -m unittest discover -s $(if $(filter examples,$*),examples/tests,tests/$*)

wheel: ## Build the Python package, with the command in it, into target/wheels
	scripts/setup.sh wheel
	scripts/wheel.sh

fuzz: ## The long form of what `make test` does with the fuzz targets: a minute each (FUZZ_SECONDS=60)
	scripts/setup.sh fuzz
	scripts/fuzz.sh soak $(or $(FUZZ_SECONDS),60)

mutants: ## Change what decides, one place at a time; a test has to notice. Takes hours (ARGS="--file ..." for less)
	scripts/setup.sh mutants
	cargo mutants --output $(TARGET) $(ARGS)

package: ## Pack the published crates, build the command from the packages alone, and let it rehearse
	scripts/setup.sh rehearse
	scripts/package.sh

deny: ## Check licences, sources and known vulnerabilities of all dependencies; needs the network
	scripts/setup.sh deny
	cargo deny check

bench: ## Measure start-up, size, detect, audit, promotion, fetch and odd networks (about two minutes)
	scripts/setup.sh bench
	cargo bench --locked -p lockgate --bench figures

soak: soak-properties soak-model soak-simulator soak-fuzz ## Look for what `make test` did not find (CASES=5000 FUZZ_SECONDS=100)

# Each part has one core's worth of work, so `make -j2 soak` takes half the time.
soak-setup:
	scripts/setup.sh test fuzz

# As `make test` builds them, with overflow checks and debug assertions.
soak-properties: soak-setup
	PROPTEST_CASES=$(CASES) LOCKGATE_FETCH_ROUNDS=400 cargo test --workspace --locked --no-fail-fast

soak-model: soak-setup
	cargo run --release --locked -p lockgate-model -- --three --faults 3 --actions 0
	cargo run --release --locked -p lockgate-model -- --three --faults 1 --actions 1
	cargo run --release --locked -p lockgate-model -- --faults 2 --actions 1
	cargo run --release --locked -p lockgate-model -- --faults 1 --actions 2 --basic
	cargo run --release --locked -p lockgate-model -- --faults 1 --actions 1 --queue
	cargo run --release --locked -p lockgate-model -- --faults 3 --actions 0 --queue
	cargo run --release --locked -p lockgate-model -- --cache --processes 3 --prunes 0
	cargo run --release --locked -p lockgate-model -- --cache --children 2 --prunes 0

soak-simulator: soak-setup
	cargo run --release --locked -p lockgate-simulator -- --count 500000
	cargo run --release --locked -p lockgate-simulator -- --count 500000 --liveness
	cargo run --release --locked -p lockgate-simulator -- --table

soak-fuzz: soak-setup
	scripts/fuzz.sh soak $(or $(FUZZ_SECONDS),100)

fmt: ## Format the Rust sources
	cargo fmt
	cargo fmt --manifest-path proof/fuzz/Cargo.toml

lint: ## Check format, lints, documentation and prose; a warning is an error
	scripts/setup.sh lint
	python3 scripts/prose.py --test
	python3 scripts/prose.py
	scripts/names.py
	scripts/dependencies.py
	cargo fmt --check
	cargo fmt --manifest-path proof/fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --locked --test runner -- -D warnings
	cargo clippy -p lockgate --no-default-features --locked -- -D warnings
	! cargo tree -p lockgate --no-default-features -e normal --prefix none --locked | grep -E "^(tokio|hyper)"
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --locked

clean: ## Delete what was built
	cargo clean
	rm -rf proof/fuzz/target proof/fuzz/artifacts
