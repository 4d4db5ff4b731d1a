#!/usr/bin/env bash
# Tries the HTTP API of a running nashra with requests that schemathesis makes of its OpenAPI document: reads, and changes with the token. Usage:
# run.sh NASHRA [SECONDS]. It needs Python 3 with venv; SCHEMATHESIS names the program where it is installed, else pip fetches it.
set -euo pipefail
nashra=$(realpath "$1")
seconds=${2:-60}
cd "$(dirname "$0")"
hooks=$PWD
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-api.XXXXXX")
processes=""
trap 'kill $processes 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"' EXIT
schemathesis=${SCHEMATHESIS:-}
if [ -z "$schemathesis" ]; then
  if ! { timeout 60 python3 -m venv "$dir/venv" && timeout 240 "$dir/venv/bin/pip" install -q 'schemathesis>=4.32,<5'; } >"$dir/pip" 2>&1; then
    echo "left out: the API's document against its answers (schemathesis cannot be had: $(tail -n 1 "$dir/pip"))"
    exit 0
  fi
  schemathesis=$dir/venv/bin/schemathesis
fi
# A site with an article, and with a page that is none, for a dead letter.
mkdir "$dir/site"
python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$dir/site" >"$dir/served" 2>&1 &
processes=$!
found() { for _ in $(seq 150); do if "$@"; then return 0; fi; sleep 0.2; done; return 1; }
served() { site=$(sed -n 's/.*(\(http:[^)]*\)).*/\1/p' "$dir/served") && [ -n "$site" ]; }
found served
item() { printf '<item><title>%s</title><link>%s%s</link></item>' "$1" "$site" "$2"; }
printf '<rss version="2.0"><channel><title>A small site</title>%s%s</channel></rss>' "$(item "The harbour opens again" harbour.html)" "$(item "Printed" printed.html)" >"$dir/site/feed.xml"
sentence="The harbour of the old town took in ships again on Friday morning, with bread, oil and news of the coast."
printf '<!doctype html><html lang="en"><title>The harbour opens again</title><article><h1>The harbour opens again</h1>%s</article></html>' \
  "$(for _ in 1 2 3 4 5 6; do printf '<p>%s</p>' "$sentence"; done)" >"$dir/site/harbour.html"
printf '%%PDF-1.7' >"$dir/site/printed.html"
printf '[[source]]\nid = "small"\nurl = "%sfeed.xml"\n' "$site" >"$dir/list.toml"
cat >"$dir/nashra.toml" <<END
data_dir = "data"
sources = ["list.toml"]
[fetch]
contact = "mailto:news@a.example"
allow_addresses = ["127.0.0.1"]
[page]
retry_first = "100ms"
retry_max = "200ms"
[sink]
kind = "file"
[admin]
listen = "127.0.0.1:0"
END
token=$(head -c 24 /dev/urandom | base64)
(cd "$dir" && NASHRA_ADMIN_TOKEN=$token exec "$nashra" run -c nashra.toml >out 2>log) &
processes="$processes $!"
ready() {
  address=$(sed -n 's/.*metrics, health and status.*"url":"\([^"]*\)".*/\1/p' "$dir/log" 2>/dev/null)
  [ -n "$address" ] && curl -fsS "${address}api/v1/deadletters" 2>/dev/null | grep -q '"found":1'
}
found ready || { cat "$dir/log" >&2; exit 1; }
cd "$dir"
PYTHONPATH=$hooks SCHEMATHESIS_HOOKS=hooks timeout $((seconds + 120)) "$schemathesis" --config-file "$hooks/schemathesis.toml" run "${address}api/v1/openapi.json" \
  -H "Authorization: Bearer $token" --rate-limit auto --max-time "$seconds" --continue-on-failure --no-shrink --warnings off
# It still runs, and nothing in it panicked.
curl -fsS "${address}api/v1/state" >/dev/null
! grep -i panic "$dir/log"
