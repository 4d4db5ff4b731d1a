#!/usr/bin/env bash
# Looks at the status pages of the demo in a real browser; needs Chromium and npm. Usage: run.sh NASHRA [FOLDER FOR SCREENSHOTS]
set -euo pipefail
nashra=$(realpath "$1")
shots=${2:+"$(realpath "$2")"}
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund --silent
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-browser.XXXXXX")
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$dir"' EXIT
(cd "$dir" && exec "$nashra" demo --for 5m >out 2>log) &
demo=$!
for _ in $(seq 100); do
  address=$(sed -n 's/.*metrics, health and status.*"url":"\([^"]*\)\/".*/\1/p' "$dir/log" 2>/dev/null || true)
  # The copy is the last of the first articles.
  if [ -n "$address" ] && [ "$(grep -c nashra.article "$dir/out" 2>/dev/null || true)" -ge 10 ]; then break; fi
  sleep 0.2
done
[ -n "$address" ] || { cat "$dir/log" >&2; exit 1; }
node check.mjs "$address" ${shots:+"$shots"}
