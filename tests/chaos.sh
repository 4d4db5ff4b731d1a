#!/usr/bin/env bash
# The chaos ledger: does what it can at seeded moments to nashra and all that it needs, and audits what arrived.
#   tests/chaos.sh --seed N --minutes M [--brokers 3] [--only|--without TORMENT,…]      (--help names the torments)
# The full disk needs the right to mount a file system, and is left out without it.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${NASHRA_PROFILE:-dev}
cargo build --locked --profile "$profile" --bin nashra --example chaos
target=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")
tests/kafka/broker.sh fetch
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-chaos.XXXXXX")
cc -shared -fPIC -O2 -o "$dir/clock.so" tests/chaos/clock.c -ldl

# Whatever ended the run, nothing of it goes on: neither its group (nashra, scripts) nor the brokers, which have their own.
chaos=
end() {
  [ -z "$chaos" ] || kill -KILL -- "-$chaos" 2>/dev/null || true
  local it
  for it in "$dir"/broker "$dir"/broker/[123]; do [ ! -d "$it" ] || tests/kafka/broker.sh kill "$it" || true; done
  ! mountpoint -q "$dir/disk" || umount -l "$dir/disk"
  chaos=
}
trap end EXIT
trap 'exit 130' INT TERM

setsid "$target/examples/chaos" --nashra "$target/nashra" --broker-script tests/kafka/broker.sh --clock-library "$dir/clock.so" --dir "$dir" "$@" &
chaos=$!
code=0
wait "$chaos" || code=$?
if [ "$code" = 0 ]; then
  end
  rm -rf "$dir"
else
  echo "tests/chaos.sh: the ledger is not clean; logs and data are in $dir" >&2
  exit 1
fi
