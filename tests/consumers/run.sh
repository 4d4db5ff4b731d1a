#!/usr/bin/env bash
# Runs the example consumers against a real broker (NASHRA_TEST_BROKERS), with records that the daemon publishes:
#     tests/consumers/run.sh target/debug/nashra target/debug/examples/consumer
# Python's client comes from PyPI into a folder of its own, target/consumers-venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
nashra=$1 consumer=$2
if [ -z "${NASHRA_TEST_BROKERS:-}" ]; then
  echo "left out: the example consumers (NASHRA_TEST_BROKERS names no broker)"
  exit 0
fi
if ! command -v python3 >/dev/null 2>&1; then
  echo "left out: the example consumers (python3 is missing: apt-get install python3 python3-venv)"
  exit 0
fi
if ! tests/consumers/venv.sh; then
  echo "left out: the example consumers (confluent-kafka cannot be installed: python3-venv or the way to PyPI is missing)"
  exit 0
fi
target/consumers-venv/bin/python tests/consumers/consumers.py "$nashra" "$consumer"
