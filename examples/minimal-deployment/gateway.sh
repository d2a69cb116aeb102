#!/usr/bin/env bash
# Runs a Gateway with the settings of gateway.env; data and secrets are beside this file.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
[ -s api-key ] || openssl rand -hex 32 >api-key
set -a
# shellcheck source=/dev/null
. ./gateway.env
exec "${OCTOPORTY_PROGRAMS:+$OCTOPORTY_PROGRAMS/}octoporty-gateway" --api-key-file api-key
