#!/usr/bin/env bash
# Runs an Agent with the settings of agent.env; data and secrets are beside this file.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
[ -s api-key ] || { echo "no api-key here: copy the one that gateway.sh made" >&2; exit 1; }
[ -s jwt-secret ] || openssl rand -hex 32 >jwt-secret
set -a
# shellcheck source=/dev/null
. ./agent.env
exec "${OCTOPORTY_PROGRAMS:+$OCTOPORTY_PROGRAMS/}octoporty-agent" \
  --api-key-file api-key --jwt-secret-file jwt-secret --map "$MAP"
