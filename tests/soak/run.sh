#!/usr/bin/env bash
# Two minutes of the long trial, with each kind of fault once: tests/soak/run.sh PYTHON
# A machine that lets the trial itself wait too long proves nothing, which is said and is no failure.
set -euo pipefail
cd "$(dirname "$0")"

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
code=0
"${1:-python3}" soak.py --seconds 120 --every 8 --out "$out" || code=$?
if [ "$code" -eq 2 ]; then
  echo "SKIPPED: two minutes of faults under load: this machine is too busy to tell"
  exit 0
fi
exit "$code"
