#!/usr/bin/env bash
# Tests all of deploy/ without a network and without an engine for containers: scripts, units, compose files, Containerfiles,
# and the guides: what they tell to run is run, with the debug programs. Ends with 1 when a test fails; says what it skipped and why.
set -euo pipefail
cd "$(dirname "$0")"

failed=0
if command -v shellcheck >/dev/null 2>&1; then
  (cd ../.. && shellcheck -S style deploy/scripts/*.sh tests/deploy/run.sh tests/deploy/fakes/*) || failed=1
else
  echo "SKIPPED: shellcheck is missing (the package shellcheck)"
fi

# The packages of tests/requirements.txt, if tests/setup.sh installed them.
venv=${OCTOPORTY_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/octoporty-tests/venv}
python=python3
if [ -x "$venv/bin/python" ]; then python=$venv/bin/python; fi

output=$(mktemp)
trap 'rm -f "$output"' EXIT
"$python" -W ignore::ResourceWarning -m unittest discover --verbose --start-directory . >"$output" 2>&1 || failed=1
if [ "$failed" -ne 0 ]; then cat "$output"; fi
sed -nE "s/^(.*) \.\.\. skipped ['\"](.*)['\"]\$/SKIPPED: \1: \2/p" "$output"
tail -n 3 "$output"
exit "$failed"
