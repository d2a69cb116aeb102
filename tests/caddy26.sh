#!/usr/bin/env bash
# The tests of Caddy once more with an older one, as Debian 12 has it (2.6.2), where it can do what they ask.
# tests/setup.sh unpacks it; nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

caddy=${XDG_CACHE_HOME:-$HOME/.cache}/octoporty-tests/debian-caddy/usr/bin/caddy
if [ ! -x "$caddy" ]; then
  echo "SKIPPED: Caddy 2.6: the package caddy could not be fetched; tests/setup.sh says why"
  exit 0
fi

# What 2.6 cannot do: take another configuration over HTTP/3's port, which it does not give up in time, and hold a POST
# for a Gateway that restarts, which it answers with 502 at once.
beyond='caddy_that_serves_nothing_gets_a_server_block|request_waits_in_caddy_for_a_gateway_that_restarts'
TEST_BIN_CADDY=$caddy exec "${CARGO:-cargo}" nextest run --locked -p octoporty-tests \
  -E "test(/^caddy::/) - test(/$beyond/)"
