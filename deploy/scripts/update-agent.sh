#!/usr/bin/env bash
# Updates the Agent to a version: update-agent.sh VERSION. Copies its data first, and goes back to the old version and the
# copy if the new one does not become well. Killed in the middle, run it again: it finishes, or goes back.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/scripts/updating.sh
. "$here/updating.sh"

component=agent
if [ $# -ne 1 ] || ! is_version "$1"; then
  printf 'usage: update-agent.sh VERSION    for example: update-agent.sh 1.2.3\n' >&2
  exit 2
fi
begin
"${mode}_current"
code=0
resume || code=$EXIT_FAILED
clear_journal
[ "$code" -eq 0 ] || fail "the earlier update was taken back; start again with the version that you want"
"${mode}_current"
if [ "${current%%@*}" = "$1" ]; then
  say "it is at $1 already"
  exit 0
fi
update_to "$1" || code=$?
clear_journal
[ "$code" -eq 0 ] || exit "$EXIT_FAILED"
