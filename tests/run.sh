#!/usr/bin/env bash
# Runs every test, with a real Kafka broker that it fetches and starts. Arguments are handed on to `cargo test`.
# NASHRA_SKIP_CHAOS=1 leaves the two minutes of the chaos ledger out.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need cargo "cargo (https://rustup.rs)"
need cc "a C compiler (apt-get install build-essential)"
need make "make (apt-get install build-essential)"
need cmake "CMake (apt-get install cmake)"
need openssl "openssl (apt-get install openssl)"
need java "java 17 or newer (apt-get install openjdk-17-jre-headless)"
need mvn "Maven (apt-get install maven)"
if command -v pkg-config >/dev/null 2>&1; then
  pkg-config --exists openssl || missing+=("OpenSSL's headers (apt-get install libssl-dev)")
else
  missing+=("pkg-config (apt-get install pkg-config)")
fi
if [ ${#missing[@]} -gt 0 ]; then
  printf 'tests/run.sh: missing: %s\n' "${missing[@]}" >&2
  exit 3
fi

if command -v promtool >/dev/null 2>&1; then
  promtool check rules deploy/prometheus/alerts.yml
  promtool test rules deploy/prometheus/alerts_test.yml
else
  echo "left out: the alerts' rules (promtool is missing: apt-get install prometheus)"
fi

if command -v mdbook >/dev/null 2>&1; then
  mdbook build docs
else
  echo "left out: the book (mdbook is missing: cargo install mdbook)"
fi

tests/kafka/broker.sh fetch
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-tests.XXXXXX")
trap 'for it in broker other; do tests/kafka/broker.sh stop "$dir/$it" || true; done; rm -rf "$dir"' EXIT
# The second is another cluster, for the test that meets one.
for it in broker other; do tests/kafka/broker.sh start "$dir/$it"; done
NASHRA_TEST_BROKERS=$(cat "$dir/broker/bootstrap")
NASHRA_TEST_BROKERS_OTHER=$(cat "$dir/other/bootstrap")
NASHRA_TEST_BROKER_DIR=$dir/broker
export NASHRA_TEST_BROKERS NASHRA_TEST_BROKERS_OTHER NASHRA_TEST_BROKER_DIR

tests/consumers/venv.sh || echo "left out: what reads topics with Confluent's client (python3-venv or the way to PyPI is missing)"
cargo test --locked "$@"
tests/deploy.sh target/debug/nashra
cargo build --locked --bins --example consumer
tests/consumers/run.sh target/debug/nashra target/debug/examples/consumer
tests/api/run.sh target/debug/nashra 60
if command -v "${CHROMIUM:-chromium}" >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
  tests/browser/run.sh target/debug/nashra
else
  echo "left out: the status pages in a browser (Chromium or npm is missing: apt-get install chromium npm)"
fi
if [ -z "${NASHRA_SKIP_CHAOS:-}" ]; then
  tests/chaos.sh --seed 1 --minutes 2
else
  echo "left out: the chaos ledger (NASHRA_SKIP_CHAOS is set)"
fi
