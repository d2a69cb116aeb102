#!/usr/bin/env bash
# Installs the updater of the Gateway on its host: the scripts, their settings, and the timer that looks every 30 seconds.
# Run as root from the source or an unpacked release. Run again it renews the scripts and keeps the settings.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: install-updater.sh [--mode docker|systemd] [--dir FOLDER] [--no-start]
       install-updater.sh --uninstall

  --mode docker    the Gateway runs by compose in FOLDER (default; FOLDER is /opt/octoporty-gateway)
  --mode systemd   the Gateway is octoporty-gateway.service
  --no-start       install, but do not start the timer
  --uninstall      stop and remove all of it but the settings

OCTOPORTY_BASE_URL, if set, is written into the settings: the https address of releases.
TEXT
}

fail() {
  printf 'install-updater: %s\n' "$*" >&2
  exit 1
}
say() { printf 'install-updater: %s\n' "$*"; }

# All paths below this folder; for packages and tests.
root=${OCTOPORTY_ROOT:-}
mode=docker
folder=/opt/octoporty-gateway
start=yes
uninstall=no
while [ $# -gt 0 ]; do
  case $1 in
    --mode | --dir)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      if [ "$1" = --mode ]; then mode=$2; else folder=$2; fi
      shift
      ;;
    --no-start) start=no ;;
    --uninstall) uninstall=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
[[ $mode == docker || $mode == systemd ]] || { usage >&2; exit 2; }
# It ends up in a unit, where spaces and % mean something.
[[ $folder =~ ^/[A-Za-z0-9._/-]+$ ]] || fail "--dir: \`$folder\` is not a plain absolute path"

source=$(dirname "$(dirname "$(readlink -f "$0")")")
scripts=$root/usr/local/lib/octoporty/scripts
units=$root/etc/systemd/system
conf=$root/etc/octoporty/updater.conf

if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
  fail "run it as root"
fi

if [ "$uninstall" = yes ]; then
  systemctl disable --now octoporty-updater.timer || true
  rm -rf -- "$scripts" "$units/octoporty-updater.service.d"
  rm -f -- "$units/octoporty-updater.service" "$units/octoporty-updater.timer"
  systemctl daemon-reload
  say "removed; the settings in $conf are kept"
  exit 0
fi

for command in flock timeout sync systemctl $([ "$mode" = systemd ] && echo curl openssl || echo docker); do
  command -v "$command" >/dev/null 2>&1 || fail "$command is needed; install it first"
done
if [ "$mode" = docker ] && ! [ -e "$root$folder/compose.yaml" ]; then
  fail "$folder has no compose.yaml; run setup-gateway.sh first, or say --dir"
fi

install -d -m 0755 "$scripts" "$units" "$units/octoporty-updater.service.d" "${conf%/*}"
install -m 0755 "$source/scripts/update-gateway.sh" "$source/scripts/update-agent.sh" "$scripts/"
install -m 0644 "$source/scripts/updating.sh" "$source/scripts/versions.sh" "$scripts/"
install -m 0644 "$source/systemd/octoporty-updater.service" "$source/systemd/octoporty-updater.timer" "$units/"

# The unit may write nowhere else. A folder with - before it may be missing.
if [ "$mode" = docker ]; then
  writable=$folder
else
  # The state folder of a user that exists only at times is a link to the second.
  writable="/usr/local/bin /usr/local/lib/octoporty -/var/lib/octoporty-gateway -/var/lib/private/octoporty-gateway"
fi
printf '# Written by install-updater.sh.\n[Service]\nReadWritePaths=%s\n' "$writable" \
  >"$units/octoporty-updater.service.d/paths.conf"

if [ -e "$conf" ]; then
  say "kept the settings in $conf"
else
  cat >"$conf" <<TEXT
# Settings of the updater: NAME=VALUE, without quotes. docs/operations/updating.md explains them.
OCTOPORTY_MODE=$mode
OCTOPORTY_GATEWAY_DIR=$folder
# Where releases are, and the key that they are signed with. With the key, only what it signed is run.
OCTOPORTY_BASE_URL=${OCTOPORTY_BASE_URL:-}
OCTOPORTY_RELEASE_KEY=/etc/octoporty/release-key.pem
# How long a version may take to become well before the old one comes back, and the least time between two updates.
OCTOPORTY_HEALTH_SECONDS=120
OCTOPORTY_INTERVAL_SECONDS=600
OCTOPORTY_ALLOW_DOWNGRADE=false
TEXT
  chmod 0600 "$conf"
  say "wrote the settings to $conf"
fi

systemctl daemon-reload
if [ "$start" = yes ]; then
  systemctl enable --now octoporty-updater.timer
  say "the timer runs; see what it does with: journalctl -u octoporty-updater.service"
fi
