#!/usr/bin/env bash
# Installs what the tests need and this machine lacks. Quick when all is there; safe to run again.
# Says what could not be installed and what is skipped without it. Fails only if `make check` cannot do without.
set -euo pipefail
cd "$(dirname "$0")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/octoporty-tests
broken=()

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'setup: %s\n' "$*"; }

# Programs of Debian: command, package, what is skipped without it. "-" means that the checks need it.
programs="
curl       curl       -
openssl    openssl    -
shellcheck shellcheck -
python3    python3    the tests against other implementations (Caddy, gRPC, HTTP/2, WebSocket)
chromium   chromium   the tests in a browser
nginx      nginx      the tests of the Gateway behind nginx
haproxy    haproxy    the tests of the Gateway behind HAProxy
wrk        wrk        the benchmarks
strace     strace     the counts of system calls per request
ss         iproute2   the tests under delay and loss
faketime   faketime   the clock jumps of the long trial (tests/soak)
"

# Runs apt-get as root, or with sudo where that asks nothing.
apt() {
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo || ! sudo -n true 2>/dev/null; then
      return 1
    fi
    as=(sudo -n)
  fi
  have apt-get || return 1
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@"
}

# Says that a program is missing: what is skipped, or that the checks need it.
lacking() {
  local command=$1 package=$2 skipped=$3
  if [ "$skipped" = - ]; then
    say "MISSING: $command. Install it: apt-get install $package"
    broken+=("$command")
  else
    say "missing: $command (apt-get install $package). Skipped without it: $skipped"
  fi
}

install_programs() {
  local command package skipped wanted=()
  while read -r command package skipped; do
    [ -z "$command" ] || have "$command" || wanted+=("$package")
  done <<<"$programs"
  # A virtual environment needs ensurepip, which Debian packs apart.
  if ! python3 -c 'import ensurepip' >/dev/null 2>&1; then
    wanted+=(python3-venv)
  fi
  [ ${#wanted[@]} -gt 0 ] || return 0

  say "installing with apt-get: ${wanted[*]}"
  if ! { apt update -q && apt install -q -y --no-install-recommends "${wanted[@]}"; } >"$cache/apt.log" 2>&1; then
    say "apt-get could not install them; see $cache/apt.log. It needs root, or sudo without a password"
  fi
  while read -r command package skipped; do
    [ -z "$command" ] || have "$command" || lacking "$command" "$package" "$skipped"
  done <<<"$programs"
}

install_cargo_tool() {
  local tool=$1 version=$2
  if cargo "$tool" --version >/dev/null 2>&1; then
    return 0
  fi
  say "installing cargo-$tool $version (some minutes)"
  if ! cargo install --locked --quiet "cargo-$tool@$version"; then
    say "MISSING: cargo-$tool. Install it: cargo install --locked cargo-$tool"
    broken+=("cargo-$tool")
  fi
}

install_python_packages() {
  local venv=$cache/venv wanted
  have python3 || return 0
  wanted=$(cat requirements.txt)
  if [ "$(cat "$venv/.installed" 2>/dev/null)" = "$wanted" ]; then
    return 0
  fi
  say "installing the Python packages into $venv"
  if python3 -m venv --clear "$venv" >"$cache/pip.log" 2>&1 &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt >>"$cache/pip.log" 2>&1; then
    printf '%s\n' "$wanted" >"$venv/.installed"
  else
    say "missing: the packages of tests/requirements.txt; see $cache/pip.log." \
      "Skipped without them: the tests against other implementations (Caddy, gRPC, HTTP/2, WebSocket)"
  fi
}

# Unpacked beside the other programs, so that nothing on this machine changes.
unpack_debian_caddy() {
  local folder=$cache/debian-caddy work
  [ ! -x "$folder/usr/bin/caddy" ] || return 0
  have apt-get && have dpkg-deb || return 0
  work=$(mktemp -d)
  if ! { cd "$work" && { apt-get download caddy || { apt update -q && apt-get download caddy; }; } &&
    dpkg-deb -x caddy_*.deb "$folder"; } >"$cache/caddy.log" 2>&1; then
    say "missing: the package caddy of Debian; see $cache/caddy.log. Skipped without it: the tests of an older Caddy"
  fi
  cd "$OLDPWD"
  rm -rf "$work"
}

if ! have cargo; then
  say "MISSING: cargo. Install Rust first: https://rustup.rs"
  exit 1
fi
mkdir -p "$cache"
install_programs
install_cargo_tool nextest 0.9.143
install_cargo_tool deny 0.20.2
install_cargo_tool fuzz 0.13.2
install_cargo_tool machete 0.9.2
install_python_packages
unpack_debian_caddy

if [ ${#broken[@]} -gt 0 ]; then
  say "the checks cannot run without: ${broken[*]}"
  exit 1
fi
