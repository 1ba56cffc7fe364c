#!/usr/bin/env bash
# Runs the Python examples against `reranker local`: what needs no AWS account. Needs Python 3.10 or newer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-18080}
work=$(mktemp -d)
npx --no-install reranker local --port "$port" >"$work/local.log" 2>&1 &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet boto3 langchain-community langchain-classic haystack-ai jina-haystack
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/ping"; do sleep 0.2; done
for example in boto3_client langchain_cross_encoder haystack_ranker; do
  echo "== $example"
  # Redis answers the question; every caller must have it first.
  RERANKER_URL="http://127.0.0.1:$port" "$work/venv/bin/python" "$here/$example.py" | tee "$work/out"
  head -n 1 "$work/out" | grep --quiet 'Redis keeps values in memory'
done
