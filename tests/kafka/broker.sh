#!/usr/bin/env bash
# A real Kafka broker for tests: one KRaft node on loopback, without containers.
#   broker.sh fetch              the jars, once, into a cache outside the tree
#   broker.sh start DIR [PORT]   starts, or starts again, the broker that lives in DIR; DIR/bootstrap has its address
#   broker.sh stop DIR           ends it in order
#   broker.sh kill DIR           ends it with SIGKILL
set -euo pipefail

version=4.1.0
here=$(cd "$(dirname "$0")" && pwd)
cache=${NASHRA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nashra}/kafka-$version
lib=$cache/lib

die() { echo "broker.sh: $*" >&2; exit 3; }

need_java() {
  command -v java >/dev/null 2>&1 || die "java is missing (apt-get install openjdk-17-jre-headless)"
}

fetch() {
  need_java
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  [ -e "$cache/complete" ] && return
  command -v mvn >/dev/null 2>&1 || die "Maven is missing (apt-get install maven)"
  rm -rf "$lib" "$lib.part"
  mvn -q -B -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$lib.part" >&2 || die "Maven could not fetch Kafka's jars"
  mv "$lib.part" "$lib"
  touch "$cache/complete"
}

running() { [ -s "$1/broker.pid" ] && kill -0 "$(cat "$1/broker.pid")" 2>/dev/null; }

free_port() {
  # Below the range from which the kernel gives ports to clients, so that none of ours is taken meanwhile.
  local port
  for _ in $(seq 1 200); do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
  die "no free port found"
}

configure() { # DIR PORT
  local controller
  controller=$(free_port)
  cat >"$1/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$1/data
auto.create.topics.enable=true
num.partitions=3
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
log.cleaner.dedupe.buffer.size=16777216
P
  cat >"$1/log4j2.yaml" <<'P'
Configuration:
  status: warn
  Appenders:
    Console:
      name: STDOUT
      PatternLayout: {pattern: "[%d] %p %m (%c)%n"}
  Loggers:
    Root:
      level: warn
      AppenderRef: {ref: STDOUT}
    Logger:
      - {name: kafka.server.KafkaRaftServer, level: info}
P
  echo "127.0.0.1:$2" >"$1/bootstrap"
}

start() { # DIR [PORT]
  need_java
  [ -e "$cache/complete" ] || fetch
  mkdir -p "$1"
  local dir
  dir=$(cd "$1" && pwd)
  running "$dir" && return
  [ -e "$dir/server.properties" ] || configure "$dir" "${2:-$(free_port)}"
  export CLASSPATH="$lib/*"
  local java=(java "-Dlog4j2.configurationFile=$dir/log4j2.yaml" -Djava.awt.headless=true)
  if [ ! -e "$dir/data/meta.properties" ]; then
    local id
    id=$("${java[@]}" -Xmx64m kafka.tools.StorageTool random-uuid 2>/dev/null)
    "${java[@]}" -Xmx128m kafka.tools.StorageTool format --standalone -t "$id" -c "$dir/server.properties" >"$dir/format.log" 2>&1 \
      || { cat "$dir/format.log" >&2; die "the storage could not be formatted"; }
  fi
  # 9 is the lock of `fetch`: the broker must not inherit it.
  setsid nohup "${java[@]}" -Xms128m -Xmx384m -XX:+UseSerialGC kafka.Kafka "$dir/server.properties" >>"$dir/broker.log" 2>&1 </dev/null 9>&- &
  echo $! >"$dir/broker.pid"
  local port
  port=$(sed 's/.*://' "$dir/bootstrap")
  for _ in $(seq 1 600); do
    running "$dir" || { tail -n 20 "$dir/broker.log" >&2; die "the broker ended while it started"; }
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    sleep 0.1
  done
  tail -n 20 "$dir/broker.log" >&2
  die "the broker does not answer after a minute"
}

end() { # DIR SIGNAL
  running "$1" || { rm -f "$1/broker.pid"; return 0; }
  local pid
  pid=$(cat "$1/broker.pid")
  kill "-$2" "$pid"
  # A broker that was stopped cannot end in order.
  kill -CONT "$pid" 2>/dev/null || true
  for _ in $(seq 1 300); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$1/broker.pid"
}

case "${1:-}" in
  fetch) fetch ;;
  start) start "${2:?DIR}" "${3:-}" ;;
  stop) end "${2:?DIR}" TERM ;;
  kill) end "${2:?DIR}" KILL ;;
  *) sed -n '2,6p' "$0" >&2; exit 2 ;;
esac
