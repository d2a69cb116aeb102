#!/usr/bin/env bash
# Runs one step of `make check` under a title and says how long it took: tests/step.sh TITLE COMMAND...
# Adds a line to the file that OCTOPORTY_STEPS names, if it does.
set -uo pipefail

title=$1
shift
printf '\n== %s\n' "$title"
started=$SECONDS
"$@"
code=$?
took=$((SECONDS - started))
if [ "$code" -eq 0 ]; then
  outcome=ok
else
  outcome="FAILED ($code)"
fi
printf -- '-- %s: %s, %s s\n' "$title" "$outcome" "$took"
if [ -n "${OCTOPORTY_STEPS:-}" ]; then
  printf '%5s s  %-44s %s\n' "$took" "$title" "$outcome" >>"$OCTOPORTY_STEPS"
fi
exit "$code"
