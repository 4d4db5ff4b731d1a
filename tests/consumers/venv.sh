#!/usr/bin/env bash
# Makes target/consumers-venv, with which the tests read topics as other programs do: Confluent's client for Python
# with its deserialisers, and protoc. Fails where Python or the way to PyPI is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/consumers-venv
if ! "$venv/bin/python" -c 'import confluent_kafka, fastavro, grpc_tools' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q 'confluent-kafka[avro,protobuf,json,schemaregistry]' grpcio-tools
fi
