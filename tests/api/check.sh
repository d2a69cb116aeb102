#!/usr/bin/env bash
# Compares the public items of the libraries with docs/api: check.sh
# A change that is meant: check.sh --update, and a line in CHANGELOG.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

# It may be a command with arguments.
read -ra cargo <<<"${CARGO:-cargo}"
crates=(octoporty-client octoporty-server octoporty-core)
documents=${CARGO_TARGET_DIR:-target}/doc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

for crate in "${crates[@]}"; do
  RUSTDOC="$PWD/tests/api/rustdoc.sh" "${cargo[@]}" rustdoc --quiet --locked -p "$crate" --all-features -- \
    -Z unstable-options --output-format json
  python3 tests/api/list.py "$documents/${crate//-/_}.json" >"$work/$crate.txt"
  if [ "${1:-}" = --update ]; then
    cp "$work/$crate.txt" "docs/api/$crate.txt"
  elif ! diff -u "docs/api/$crate.txt" "$work/$crate.txt"; then
    failed=1
  fi
done
if [ "$failed" -ne 0 ]; then
  echo "The public API changed. If that is meant: tests/api/check.sh --update, and a line in CHANGELOG.md." >&2
fi
exit "$failed"
