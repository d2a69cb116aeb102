#!/usr/bin/env bash
# Runs Gateway, Agent and the demo service on this machine: `make run`. Needs Rust, nothing else.
# Secrets, data and logs stay in .octoporty, so the second run has the same password and mappings. Ctrl-C stops all.
set -euo pipefail
cd "$(dirname "$0")/.."

state=.octoporty
host=demo.localhost
ready_seconds_max=60
stop_seconds_max=10
names=()
pids=()

say() { printf '%s\n' "$*"; }
fail() {
  printf 'run: %s\n' "$*" >&2
  exit 1
}

# A directory that only its owner can read.
mkdir -p "$state/data" "$state/logs"
chmod 700 "$state"

# Two runs would share one database. The lock goes when this script ends.
if command -v flock >/dev/null 2>&1; then
  exec 9>"$state/lock"
  flock -n 9 || fail "it runs already in this folder ($state/lock is held)"
fi

random_hex() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# Makes a secret once: secret NAME COMMAND... The file appears whole or not at all.
secret() {
  local file=$state/$1
  shift
  if ! [ -s "$file" ]; then
    "$@" >"$file.new"
    mv "$file.new" "$file"
  fi
  chmod 600 "$file"
}

# The SHA-512 crypt hash of the UI's password, which is never an argument of a program.
hash_password() {
  if command -v openssl >/dev/null 2>&1; then
    openssl passwd -6 -stdin <"$state/ui-password"
  elif python3 -W ignore -c 'import crypt' 2>/dev/null; then
    python3 -W ignore -c 'import crypt, sys; print(crypt.crypt(sys.stdin.readline().strip(), crypt.METHOD_SHA512))' \
      <"$state/ui-password"
  else
    fail "openssl is needed to hash the password. Install it: apt-get install openssl"
  fi
}

password() { random_hex | cut -c 1-20; }

make_secrets() {
  secret api-key random_hex
  secret jwt-secret random_hex
  # A hash without its password, or of another one, would lock the door.
  [ -s "$state/ui-password" ] || rm -f "$state/ui-password-hash"
  secret ui-password password
  secret ui-password-hash hash_password
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Sets the variable NAME to port FROM, or if that is taken, to the next free one below 17300: choose_port NAME FROM
# Ports that mean something else, here or in the development compose file, are never the next one.
reserved=" 17200 17201 17202 17203 17243 17280 "
gateway_port='' agent_port='' demo_port=''
choose_port() {
  local port
  for ((port = $2; port < 17300; port++)); do
    if [ "$port" -ne "$2" ] && [[ $reserved == *" $port "* ]]; then
      continue
    fi
    if ! is_taken "$port"; then
      [ "$port" -eq "$2" ] || say "Port $2 is taken, so $port is used."
      reserved+="$port "
      printf -v "$1" '%s' "$port"
      return 0
    fi
  done
  fail "no free port from $2 to 17299"
}

# Starts a program with its output in a log: start NAME COMMAND...
start() {
  local name=$1
  shift
  "$@" >"$state/logs/$name.log" 2>&1 9>&- &
  names+=("$name")
  pids+=($!)
}

# Ends what this script started, and nothing else. The demo goes first: its endless streams end, so nothing is left to drain.
stop_all() {
  trap '' INT TERM
  local pid deadline=$((SECONDS + stop_seconds_max))
  for pid in "${pids[@]}"; do
    kill -TERM "$pid" 2>/dev/null || true
  done
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        say "Process $pid did not stop in $stop_seconds_max s and is killed."
        kill -KILL "$pid" 2>/dev/null || true
        break
      fi
      sleep 0.1
    done
    wait "$pid" 2>/dev/null || true
  done
  pids=()
}

interrupted() {
  say ""
  say "Stopping."
  stop_all
  exit 0
}

# Fails if a program is gone, with the end of its log.
check_alive() {
  local at
  for at in "${!pids[@]}"; do
    if ! kill -0 "${pids[at]}" 2>/dev/null; then
      local code=0
      wait "${pids[at]}" || code=$?
      say "${names[at]} ended (exit code $code). The end of $state/logs/${names[at]}.log:" >&2
      tail -n 25 "$state/logs/${names[at]}.log" >&2
      exit 1
    fi
  done
}

# The status of one request to the Gateway, as a visitor sends it. Bash speaks HTTP here, as curl may be missing.
visitor_status() {
  local line
  {
    printf 'GET /hello HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$host" >&3
    IFS= read -r -t 5 line <&3
  } 3<>"/dev/tcp/127.0.0.1/$gateway_port" || return 0
  cut -d ' ' -f 2 <<<"$line"
}

wait_until_ready() {
  local deadline=$((SECONDS + ready_seconds_max)) status=none
  while [ "$SECONDS" -lt "$deadline" ]; do
    check_alive
    status=$(visitor_status 2>/dev/null || true)
    [ "$status" != 200 ] || return 0
    sleep 0.2
  done
  say "The tunnel was not ready in $ready_seconds_max s (last answer: ${status:-none}). The ends of the logs:" >&2
  tail -n 10 "$state"/logs/*.log >&2
  exit 1
}

command -v cargo >/dev/null 2>&1 || fail "cargo is missing. Install Rust first: https://rustup.rs"
say "Building. The first time takes some minutes."
"${CARGO:-cargo}" build --locked --profile ci -p octoporty-gateway -p octoporty-agent -p octoporty-examples
programs=${CARGO_TARGET_DIR:-target}/ci

# Secrets, data and logs are for their owner only. Not before the build, whose output others may share.
umask 077

make_secrets
choose_port gateway_port 17200
choose_port agent_port 17201
choose_port demo_port 17203

trap stop_all EXIT
trap interrupted INT TERM

start demo-service "$programs/demo-service" --port "$demo_port"

start octoporty-gateway env \
  Gateway__ApiKey="$(<"$state/api-key")" \
  Gateway__BindAddress=127.0.0.1 \
  Gateway__Port="$gateway_port" \
  Gateway__CaddyAdminUrl= \
  Gateway__StatePath="$PWD/$state/data/gateway-state.json" \
  Gateway__UpdateSignalPath="$PWD/$state/data/update-signal" \
  Logging__FilePath="$PWD/$state/logs/gateway-.log" \
  "$programs/octoporty-gateway"

start octoporty-agent env \
  Agent__GatewayUrl="ws://127.0.0.1:$gateway_port/tunnel" \
  Agent__ApiKey="$(<"$state/api-key")" \
  Agent__JwtSecret="$(<"$state/jwt-secret")" \
  Agent__Auth__PasswordHash="$(<"$state/ui-password-hash")" \
  Agent__BindAddress=127.0.0.1 \
  Agent__Port="$agent_port" \
  ConnectionStrings__DefaultConnection="Data Source=$PWD/$state/data/octoporty.db" \
  Logging__FilePath="$PWD/$state/logs/agent-.log" \
  "$programs/octoporty-agent" --map "$host=http://127.0.0.1:$demo_port"

wait_until_ready

cat <<TEXT

Octoporty runs: visitor -> Gateway -> tunnel -> Agent -> demo service

  Public page   http://$host:$gateway_port/
                curl -H 'Host: $host' http://127.0.0.1:$gateway_port/hello
  Dashboard     http://localhost:$agent_port/
  Password      $(<"$state/ui-password")
  Logs          $state/logs

Ctrl-C stops it.
TEXT

# Returns as soon as any of them ends.
wait -n "${pids[@]}" || true
check_alive
