#!/usr/bin/env bash
# Runs every test. Arguments are handed on to `cargo test`.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need cargo "cargo (https://rustup.rs)"
need cc "a C compiler (apt-get install build-essential)"
need make "make (apt-get install build-essential)"
need pkg-config "pkg-config (apt-get install pkg-config)"
if command -v pkg-config >/dev/null 2>&1; then
  pkg-config --exists openssl || missing+=("OpenSSL's headers (apt-get install libssl-dev), or build with --features vendored-openssl")
fi
if [ ${#missing[@]} -gt 0 ]; then
  printf 'tests/run.sh: missing: %s\n' "${missing[@]}" >&2
  exit 3
fi

cargo test --locked "$@"
