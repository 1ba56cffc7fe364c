#!/usr/bin/env bash
# Runs aurora.sql in a PostgreSQL of its own against `reranker local`. Needs postgresql and postgresql-plpython3, and a user who is not root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-18081}
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
work=$(mktemp -d)
npx --no-install reranker local --port "$port" >"$work/local.log" 2>&1 &
server=$!
trap 'pg_ctl --pgdata "$work/data" --silent --mode immediate stop || true; kill $server; rm -rf "$work"' EXIT
export RERANKER_URL="http://127.0.0.1:$port" PGHOST=$work PGDATABASE=postgres
until curl --silent --fail --output /dev/null "$RERANKER_URL/ping"; do kill -0 $server; sleep 0.2; done
initdb --pgdata "$work/data" >/dev/null
pg_ctl --pgdata "$work/data" --silent --wait --log "$work/postgres.log" --options "-k $work -c listen_addresses=" start
query() { psql --quiet --no-psqlrc --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }
query --file "$here/aws_ml_double.sql"
query --command "CREATE TABLE passages AS SELECT * FROM (VALUES (1, 'A cat sat in my memory.'),
  (2, 'Redis keeps values in memory, also \"quoted\", with commas.'), (3, 'Bread rises.')) AS rows (id, body)"
sed '/^CREATE EXTENSION/d' "$here/aurora.sql" >"$work/aurora.sql"
query --file "$work/aurora.sql" | tee "$work/out"
# Redis answers the question; bread has no memory.
[ "$(cut -d '|' -f 1 "$work/out" | tr '\n' ' ')" = '2 1 ' ]
# A row without a query fails the statement, and says why.
query --command "SELECT rerank('', 'A cat sat.')" >"$work/refused" 2>&1 && exit 1
grep --quiet 'error: invalid_request: query is empty' "$work/refused"
echo 'aurora.sql: as it should be'
