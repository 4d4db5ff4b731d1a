#!/usr/bin/env bash
# A real Kafka broker for tests: one KRaft node on loopback, without containers.
#   broker.sh fetch              the jars, once, into a cache outside the tree
#   broker.sh start DIR [PORT]   starts, or starts again, the broker that lives in DIR; DIR/bootstrap has its address, where all
#                                is allowed; at the one in DIR/rights the user "nashra" (password "secret") has what was given.
#                                All is allowed, too, behind TLS at the one in DIR/mutual to who has DIR/tls/client.pem, and at
#                                the one in DIR/sasl to the user "newsroom" (password "rosebud-7": PLAIN, SCRAM-SHA-256 and -512;
#                                OAUTHBEARER: a token for "kafka" that DIR/tls/token.key signed). DIR/tls/ca.pem vouches for both
#   broker.sh acl DIR …          gives rights and takes them: arguments of Kafka's own tool
#   broker.sh cluster DIR        starts three that are one cluster, in DIR/1 to DIR/3; each can be ended and started alone
#   broker.sh stop DIR           ends it in order
#   broker.sh kill DIR           ends it with SIGKILL
# NASHRA_BROKER_PROXIES="PORT…" gives each new broker a second listener, whose address is in DIR/behind, and which
# tells clients to come to 127.0.0.1:PORT: to a proxy before it.
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

free_port() { # [PORT…] that are spoken for
  # Below the range from which the kernel gives ports to clients, so that none of ours is taken meanwhile.
  local port
  for _ in $(seq 1 200); do
    port=$((20000 + RANDOM % 12000))
    [[ " $* " != *" $port "* ]] || continue
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port"; return; fi
  done
  die "no free port found"
}

base64url() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

# Keys and certificates of the broker, of a client and of who gives tokens.
certify() { # DIR
  local who
  mkdir -p "$1"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=tests" -keyout "$1/ca.key" -out "$1/ca.pem"
  for who in broker client; do
    openssl req -newkey rsa:2048 -nodes -subj "/CN=newsroom" -keyout "$1/$who.key" -out "$1/$who.csr"
    openssl x509 -req -in "$1/$who.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 3650 -out "$1/$who.crt" \
      -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost")
    cat "$1/$who.key" "$1/$who.crt" >"$1/$who.pem"
  done
  openssl genrsa -out "$1/token.key" 2048
  local modulus
  modulus=$(openssl rsa -in "$1/token.key" -noout -modulus | sed 's/.*=//' | perl -ne 'chomp; print pack "H*", $_' | base64url)
  echo "{\"keys\": [{\"kty\": \"RSA\", \"kid\": \"tests\", \"use\": \"sig\", \"alg\": \"RS256\", \"n\": \"$modulus\", \"e\": \"AQAB\"}]}" >"$1/jwks.json"
}

configure() { # DIR PORT [NODE CONTROLLER QUORUM]; QUORUM is the line that names the controllers of a cluster
  local node=${3:-1} controller=${4:-$(free_port)} replicas=1 in_sync=1 proxied advertised="" listener="" rights mutual sasl
  rights=$(free_port "$2" "$controller")
  mutual=$(free_port "$2" "$controller" "$rights")
  sasl=$(free_port "$2" "$controller" "$rights" "$mutual")
  certify "$1/tls" >"$1/tls.log" 2>&1 || { cat "$1/tls.log" >&2; die "openssl could not make certificates"; }
  local quorum=${5:-controller.quorum.bootstrap.servers=127.0.0.1:$controller}
  [ -z "${5:-}" ] || { replicas=3 in_sync=2; }
  proxied=$(cut -d' ' -f"$node" <<<"${NASHRA_BROKER_PROXIES:-}")
  if [ -n "$proxied" ]; then
    local behind
    behind=$(free_port "$2" "$controller" "$rights" "$mutual" "$sasl")
    echo "127.0.0.1:$behind" >"$1/behind"
    listener=,PROXIED://127.0.0.1:$behind
    advertised=,PROXIED://127.0.0.1:$proxied
  fi
  cat >"$1/server.properties" <<P
process.roles=broker,controller
node.id=$node
$quorum
listeners=PLAINTEXT://127.0.0.1:$2,RIGHTS://127.0.0.1:$rights,MUTUAL://127.0.0.1:$mutual,SASL://127.0.0.1:$sasl,CONTROLLER://127.0.0.1:$controller$listener
advertised.listeners=PLAINTEXT://127.0.0.1:$2,RIGHTS://127.0.0.1:$rights,MUTUAL://127.0.0.1:$mutual,SASL://127.0.0.1:$sasl,CONTROLLER://127.0.0.1:$controller$advertised
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,RIGHTS:SASL_PLAINTEXT,MUTUAL:SSL,SASL:SASL_SSL,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
listener.name.rights.sasl.enabled.mechanisms=PLAIN
listener.name.rights.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_nashra="secret";
ssl.keystore.type=PEM
ssl.keystore.location=$1/tls/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$1/tls/ca.pem
listener.name.mutual.ssl.client.auth=required
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_newsroom="rosebud-7";
listener.name.sasl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.sasl.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.sasl.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=file://$1/tls/jwks.json
listener.name.sasl.oauthbearer.sasl.oauthbearer.expected.audience=kafka
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:newsroom;User:CN=newsroom
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$1/data
auto.create.topics.enable=true
num.partitions=3
default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replicas
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=2
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
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
  echo "127.0.0.1:$rights" >"$1/rights"
  echo "127.0.0.1:$mutual" >"$1/mutual"
  echo "127.0.0.1:$sasl" >"$1/sasl"
}

# 16 bytes in base64url, not beginning like a flag, as Kafka's StorageTool makes them.
random_id() { head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=' | sed 's/^-/A/'; }

cluster() { # DIR
  need_java
  [ -e "$cache/complete" ] || fetch
  local node controllers=() voters=() started=() id
  id=$(random_id)
  for node in 1 2 3; do
    controllers[node]=$(free_port)
    voters+=("$node@127.0.0.1:${controllers[node]}")
  done
  for node in 1 2 3; do
    mkdir -p "$1/$node"
    echo "$id" >"$1/$node/cluster-id"
    configure "$(cd "$1/$node" && pwd)" "$(free_port)" "$node" "${controllers[node]}" "controller.quorum.voters=$(IFS=,; echo "${voters[*]}")"
    # None answers before most of them run.
    start "$1/$node" &
    started+=($!)
  done
  for node in "${started[@]}"; do wait "$node"; done
  cat "$1"/[123]/bootstrap | paste -sd, >"$1/bootstrap"
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
  local java=(java "-Dlog4j2.configurationFile=$dir/log4j2.yaml" -Djava.awt.headless=true
    "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://$dir/tls/jwks.json")
  if [ ! -e "$dir/data/meta.properties" ]; then
    local alone=(--standalone) id
    # In a cluster the id is given, and server.properties names the controllers.
    if [ -s "$dir/cluster-id" ]; then alone=(); id=$(cat "$dir/cluster-id"); else id=$(random_id); fi
    "${java[@]}" -Xmx128m kafka.tools.StorageTool format "${alone[@]}" -t "$id" -c "$dir/server.properties" \
      --add-scram 'SCRAM-SHA-256=[name=newsroom,password=rosebud-7]' --add-scram 'SCRAM-SHA-512=[name=newsroom,password=rosebud-7]' >"$dir/format.log" 2>&1 \
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

acl() { # DIR …
  local dir=$1
  shift
  CLASSPATH="$lib/*" java -Xmx64m org.apache.kafka.tools.AclCommand --bootstrap-server "$(cat "$dir/bootstrap")" "$@"
}

case "${1:-}" in
  fetch) fetch ;;
  start) start "${2:?DIR}" "${3:-}" ;;
  cluster) cluster "${2:?DIR}" ;;
  stop) end "${2:?DIR}" TERM ;;
  kill) end "${2:?DIR}" KILL ;;
  acl) shift; acl "$@" ;;
  *) sed -n '2,14p' "$0" >&2; exit 2 ;;
esac
