#!/usr/bin/env bash
# Looks at the status pages of the demo in a real browser; needs Chromium and npm. Usage: run.sh NASHRA [FOLDER FOR SCREENSHOTS]
set -euo pipefail
nashra=$(realpath "$1")
shots=${2:+"$(realpath "$2")"}
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund --silent
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-browser.XXXXXX")
trap 'kill "$demo" $faulty 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
faulty=""
(cd "$dir" && exec "$nashra" demo --for 5m >out 2>log) &
demo=$!
for _ in $(seq 100); do
  address=$(sed -n 's/.*metrics, health and status.*"url":"\([^"]*\)\/".*/\1/p' "$dir/log" 2>/dev/null || true)
  # The copy is the last of the first articles.
  if [ -n "$address" ] && [ "$(grep -c nashra.article "$dir/out" 2>/dev/null || true)" -ge 10 ]; then break; fi
  sleep 0.2
done
[ -n "$address" ] || { cat "$dir/log" >&2; exit 1; }
# Beside it, a daemon with dead letters: pages that are none, in Latin and Arabic letters.
mkdir -p "$dir/faulty"
node faulty.mjs >"$dir/site" &
faulty=$!
for _ in $(seq 100); do [ -s "$dir/site" ] && break; sleep 0.1; done
token=$(head -c 24 /dev/urandom | base64)
(cd "$dir/faulty" && NASHRA_ADMIN_TOKEN=$token exec "$nashra" run --sources "$(cat "$dir/site")/feed" --sink file --data-dir data --allow-address 127.0.0.0/8 --listen 127.0.0.1:0 2>log) &
faulty="$faulty $!"
for _ in $(seq 100); do
  faults=$(sed -n 's/.*metrics, health and status.*"url":"\([^"]*\)\/".*/\1/p' "$dir/faulty/log" 2>/dev/null || true)
  if [ -n "$faults" ] && [ "$(grep -c deadletter "$dir/faulty/data/articles.jsonl" 2>/dev/null || true)" = 2 ]; then break; fi
  sleep 0.2
done
[ -n "$faults" ] || { cat "$dir/faulty/log" >&2; exit 1; }
node check.mjs "$address" "$faults" "$token" ${shots:+"$shots"}
