#!/usr/bin/env bash
# Makes the Debian package of a binary that is built already: deploy/debian/build.sh [release|dev] OUT.deb
# It needs cargo-deb (cargo install cargo-deb).
set -euo pipefail
cd "$(dirname "$0")/../.."
profile=$1 out=$2
binary=target/$([ "$profile" = dev ] && echo debug || echo "$profile")/nashra
made=target/deb
rm -rf "$made"
mkdir -p "$made/completions"
"$binary" man "$made/man"
for shell in bash zsh fish; do "$binary" completions "$shell" > "$made/completions/$shell"; done
strip=(); [ "$profile" = dev ] && strip=(--no-strip --fast)
cargo deb --locked --no-build --profile "$profile" --output "$out" "${strip[@]}"
