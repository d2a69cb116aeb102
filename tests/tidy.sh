#!/usr/bin/env bash
# Refuses text that must not be in the tree: unfinished places, and hosts of package registries.
# Patterns are written so that this file does not match itself.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0

# Searches all files that are not ignored: refuse WHAT PATTERN PATHSPEC...
refuse() {
  local what=$1 pattern=$2 found
  shift 2
  # git grep ends with 1 when it finds nothing.
  found=$(git grep --untracked -nIE "$pattern" -- "$@" || [ $? -eq 1 ])
  if [ -n "$found" ]; then
    printf 'tidy: %s\n%s\n' "$what" "$found" >&2
    failed=1
  fi
}

refuse "an unfinished place; finish it, or open an issue" \
  '\b(TO[D]O|FIX[M]E|XX[X])\b|\b(tod[o]|unimplemente[d])!\(' '*.rs' '*.sh' '*.py' '*.ts' '*.tsx' '*.js' '*.css' Makefile .ci
refuse "the host of a package registry; use the client's own settings" \
  'registry[.]npmjs|static[.]crates[.]io|index[.]crates[.]io|files[.]pythonhosted|//pypi[.]org|deb[.]debian[.]org' \
  . ':!*Cargo.lock'
refuse "a test that is skipped without a word" '#\[ignore\]' '*.rs'
exit "$failed"
