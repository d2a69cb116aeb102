#!/usr/bin/env bash
# Updates the Gateway to the version that its signal file asks for, or to the one given: update-gateway.sh [VERSION].
# A timer runs it every 30 seconds; without a signal it does nothing. What it did is in its output, one line a step.
# The signal goes away only when all is done; one that is no good is moved aside (update-signal.rejected, .failed).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=deploy/scripts/updating.sh
. "$here/updating.sh"

# The file has four short texts; what is longer is none of ours.
readonly signal_bytes_max=4096
# Attempts to fetch a version before the signal is given up.
readonly attempts_max=5

component=gateway
target=''
requested_by=''

# Reads the signal file, which the Gateway's user can write anything into: it is data, read once, and never shown as it is.
# Sets target and requested_by; fails with a reason in `reason`.
read_signal() {
  local text rest name value found=' '
  local string='"(([^"\]|\\["\/bfnrt]|\\u[0-9A-Fa-f]{4})*)"' blank='[[:space:]]*'
  local pair="^$blank\"([A-Za-z]+)\"$blank:$blank$string$blank([,}])(.*)\$"
  reason=''
  if [ -L "$1" ] || ! [ -f "$1" ]; then
    reason="it is not an ordinary file"
    return 1
  fi
  # The file may have become a pipe since, which would be waited for.
  text=$(timeout --foreground 5 head -c $((signal_bytes_max + 1)) -- "$1" | tr '\000' '\001' && printf x) || {
    reason="it cannot be read"
    return 1
  }
  text=${text%x}
  if [ "${#text}" -gt "$signal_bytes_max" ]; then
    reason="it is longer than $signal_bytes_max bytes"
    return 1
  fi
  reason="it is not a JSON object of the four texts targetVersion, currentVersion, requestedBy and requestedAt"
  [[ $text =~ ^$blank\{(.*)$ ]] || return 1
  rest=${BASH_REMATCH[1]}
  while :; do
    [[ $rest =~ $pair ]] || return 1
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]} end=${BASH_REMATCH[4]} rest=${BASH_REMATCH[5]}
    case $name in
      targetVersion | currentVersion | requestedBy | requestedAt) ;;
      *) return 1 ;;
    esac
    [[ $found != *" $name "* && ! $value =~ [[:cntrl:]] ]] || return 1
    found+="$name "
    case $name in
      targetVersion) target=$value ;;
      # For the log: plain characters only, escaped ones left out.
      requestedBy) requested_by=$(printf '%s' "$value" | sed -E 's/\\(u.{4}|.)//g' | tr -cd 'A-Za-z0-9 ._@:-' | cut -c 1-64) ;;
    esac
    [ "$end" = , ] || break
  done
  [[ $rest =~ ^$blank$ && $found == *" targetVersion "* ]] || return 1
  if ! is_version "$target"; then
    reason="its targetVersion is not a semantic version"
    return 1
  fi
  reason=''
}

# Moves the signal aside, in its own folder: set_aside rejected|failed
set_aside() {
  mv -fT -- "$signal" "$signal.$1" 2>/dev/null || rm -f -- "$signal" || true
}

# Removes the signal if it still asks for that version; another wish stays for the next run: remove_signal VERSION
remove_signal() {
  if [ -e "$signal" ] && read_signal "$signal" && [ "$target" = "$1" ]; then
    rm -f -- "$signal"
  fi
}

# Whether the last update ended so recently that the next has to wait. A Gateway in wrong hands cannot restart itself for ever.
is_too_soon() {
  local wait_seconds last now
  wait_seconds=$(seconds OCTOPORTY_INTERVAL_SECONDS 600) || exit
  last=$(stat -c %Y -- "$state/$component.last" 2>/dev/null) || return 1
  now=$(date +%s)
  [ "$now" -ge "$last" ] && [ $((now - last)) -lt "$wait_seconds" ]
}

# How often this version could not be fetched, this time included.
count_attempt() {
  local version count
  read -r version count 2>/dev/null <"$state/$component.attempts" || true
  if [ "${version:-}" != "$1" ] || ! [[ ${count:-} =~ ^[0-9]$ ]]; then count=0; fi
  attempts=$((count + 1))
  replace_file "$state/$component.attempts" "$1 $attempts"
}

# Finishes what an earlier run left, if it left anything.
finish_earlier() {
  local code=0
  resume || code=$?
  if [ "$code" -ne 0 ]; then
    [ ! -e "$signal" ] || { read_signal "$signal" && [ "$target" != "$finished" ]; } || set_aside failed
    clear_journal
    exit "$EXIT_FAILED"
  fi
  [ -z "$finished" ] || remove_signal "$finished"
  clear_journal
}

# Refuses what is not newer, unless the operator allows it.
check_newer() {
  case $(compare_versions "$target" "${current%%@*}") in
    gt) return 0 ;;
    eq)
      say "it is at $target already"
      rm -f -- "$signal"
      exit 0
      ;;
  esac
  [ "${OCTOPORTY_ALLOW_DOWNGRADE:-false}" != true ] || return 0
  set_aside rejected
  fail "$target is older than ${current%%@*}, which runs; refused. OCTOPORTY_ALLOW_DOWNGRADE=true allows it"
}

by_signal() {
  local code=0
  [ -e "$signal" ] || [ -L "$signal" ] || exit 0
  if ! read_signal "$signal"; then
    set_aside rejected
    fail "the signal is refused: $reason; moved to $signal.rejected"
  fi
  check_newer
  if is_too_soon; then
    say "$target is asked for, but the last update was less than ${OCTOPORTY_INTERVAL_SECONDS:-600} s ago; waiting"
    exit 0
  fi
  say "$target is asked for by ${requested_by:-somebody}"
  update_to "$target" || code=$?
  if [ "$code" -eq "$EXIT_BUSY" ]; then
    count_attempt "$target"
    if [ "$attempts" -lt "$attempts_max" ]; then
      fail "attempt $attempts of $attempts_max; the next run tries again"
    fi
    rm -f -- "$state/$component.attempts"
    set_aside failed
    fail "attempt $attempts of $attempts_max; given up, and the signal moved to $signal.failed"
  fi
  rm -f -- "$state/$component.attempts"
  if [ "$code" -eq 0 ]; then remove_signal "$target"; else set_aside failed; fi
  clear_journal
  [ "$code" -eq 0 ] || fail "the signal is now $signal.failed"
}

by_hand() {
  local code=0
  if [ "${current%%@*}" = "$1" ]; then
    say "it is at $1 already"
    exit 0
  fi
  update_to "$1" || code=$?
  clear_journal
  [ "$code" -eq 0 ] || exit "$EXIT_FAILED"
}

if [ $# -gt 1 ] || { [ $# -eq 1 ] && ! is_version "$1"; }; then
  printf 'usage: update-gateway.sh [VERSION]    for example: update-gateway.sh 1.2.3\n' >&2
  exit 2
fi
begin
if [ "$mode" = docker ]; then
  signal=${OCTOPORTY_SIGNAL:-$folder/data/update-signal}
else
  signal=${OCTOPORTY_SIGNAL:-/var/lib/octoporty-gateway/update-signal}
fi
"${mode}_current"
finish_earlier
"${mode}_current"
if [ $# -eq 1 ]; then by_hand "$1"; else by_signal; fi
