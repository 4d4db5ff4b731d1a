#!/usr/bin/env bash
# The chaos ledger: kills nashra and a real broker at seeded moments and audits what arrived.
#   tests/chaos.sh --seed N --minutes M
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${NASHRA_PROFILE:-dev}
cargo build --locked --profile "$profile" --bin nashra --example chaos
target=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")
tests/kafka/broker.sh fetch
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-chaos.XXXXXX")
if "$target/examples/chaos" --nashra "$target/nashra" --broker-script tests/kafka/broker.sh --dir "$dir" "$@"; then
  rm -rf "$dir"
else
  echo "tests/chaos.sh: the ledger is not clean; logs and data are in $dir" >&2
  exit 1
fi
