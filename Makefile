# The only commands a newcomer needs: make run · make test · make check
# and for numbers: make bench, or make bench OPTIONS="--people 100000"
.PHONY: run test check bench setup build client native

run: build
	@target/debug/letterbox-stack run

# Everything: unit tests, then the journeys in a real browser.
test: build
	@scripts/step 'unit tests' cargo test --workspace --exclude client-app --exclude client-vault --locked
	@scripts/step 'wasm tests' scripts/test-wasm
	@$(MAKE) --no-print-directory native # unit tests leave programs with test features in target/debug
	@scripts/step 'journeys in Chromium and Firefox' target/debug/letterbox-stack with -- node --test --test-timeout=600000 --test-reporter=spec e2e-tests/journeys/

check: setup
	@scripts/step 'checks' scripts/check

bench: build
	@scripts/step 'measuring' scripts/bench $(OPTIONS)

build: setup native client

setup:
	@scripts/step 'setup' scripts/setup

native:
	@scripts/step 'native build' cargo build --workspace --exclude client-app --exclude client-vault --locked

client:
	@scripts/step 'client build' scripts/build-client
