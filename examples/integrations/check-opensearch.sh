#!/usr/bin/env bash
# Types the requests of docs/integrations.md into an OpenSearch of its own, which asks `reranker local`.
# Needs Java 11 to 17 and Maven, 400 MB to fetch once, and 1 GB of disk while it runs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${PORT:-18082}
search=${OPENSEARCH_PORT:-19200}
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT

maven() { mvn --quiet --batch-mode -Dstyle.color=never --file "$here/opensearch/pom.xml" "$@"; }
maven dependency:copy-dependencies -DincludeTypes=jar -DoutputDirectory="$work/lib"
maven dependency:unpack-dependencies -DincludeTypes=zip -Dmdep.useSubDirectoryPerArtifact=true \
  -DmarkersDirectory="$work/unpacked" -DoutputDirectory="$work/plugins"

# The distribution has Netty and Painless as modules; in Maven they are plain jars, without descriptor and policy.
module() { # NAME CLASS PERMISSIONS JARS...
  local folder="$work/modules/$1"
  mkdir -p "$folder"
  printf '%s\n' "name=$1" "description=$1" "version=$version" "opensearch.version=$version" 'java.version=11' "classname=$2" >"$folder/plugin-descriptor.properties"
  printf 'grant {\n%s\n};\n' "$3" >"$folder/plugin-security.policy"
  mv "${@:4}" "$folder"
}
version=$(cd "$work/lib" && ls opensearch-[0-9]*.jar | sed 's/^opensearch-//; s/\.jar$//')
module lang-painless org.opensearch.painless.PainlessPlugin \
  'permission java.lang.RuntimePermission "createClassLoader"; permission java.lang.RuntimePermission "getClassLoader";' \
  "$work"/lib/{lang-painless,opensearch-scripting-painless-spi,antlr4-runtime,asm}*.jar
module transport-netty4 org.opensearch.transport.Netty4Plugin \
  'permission java.net.SocketPermission "*", "accept,connect,resolve"; permission java.lang.RuntimePermission "*"; permission java.util.PropertyPermission "*", "read,write"; permission java.io.FilePermission "/proc/sys/net/core/somaxconn", "read";' \
  "$work"/lib/{transport-netty4-client,netty-}*.jar

mkdir "$work/config" "$work/tmp"
cat >"$work/config/opensearch.yml" <<YAML
discovery.type: single-node
network.host: 127.0.0.1
http.port: $search
transport.port: 0
# A disk that is nearly full is no concern of fifty passages.
cluster.routing.allocation.disk.threshold_enabled: false
YAML
cat >"$work/config/log4j2.properties" <<'PROPERTIES'
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
PROPERTIES

# OpenSearch refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  as=(setpriv --reuid nobody --clear-groups)
  chown -R nobody "$work"
fi
npx --no-install reranker local --port "$port" --no-page >"$work/local.log" 2>&1 &
pids+=($!)
(cd "$work" && exec "${as[@]}" java -Xms512m -Xmx512m -XX:+UseSerialGC -Djava.security.manager=allow -Dlog4j2.disable.jmx=true -Djava.io.tmpdir="$work/tmp" \
  -Dopensearch.path.home="$work" -Dopensearch.path.conf="$work/config" \
  -cp "$work/lib/*" org.opensearch.bootstrap.OpenSearch) >"$work/opensearch.log" 2>&1 &
pids+=($!)
ready() { curl --silent --fail --output /dev/null "$1"; }
until ready "http://127.0.0.1:$port/ping" && ready "http://127.0.0.1:$search/_cluster/health?wait_for_status=yellow"; do
  kill -0 "${pids[@]}" || { tail -n 40 "$work"/*.log; exit 1; }
  sleep 0.5
done
node "$here/opensearch/type_page.mjs" "http://127.0.0.1:$search" "http://127.0.0.1:$port" || { tail -n 40 "$work/opensearch.log"; exit 1; }
echo "OpenSearch $version: as it should be"
