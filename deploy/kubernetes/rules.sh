#!/usr/bin/env bash
# Writes the alerts of deploy/prometheus/alerts.yml as a PrometheusRule to standard output, so that they are kept once.
set -euo pipefail
cat <<'HEAD'
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: nashra
  labels: {app: nashra}
spec:
HEAD
sed 's/^\(.\)/  \1/' "$(dirname "$0")/../prometheus/alerts.yml"
