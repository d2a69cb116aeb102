#!/usr/bin/env bash
# Fuzzes every target for a while: tests/fuzz/run.sh [seconds for each, 60 if not given] [target...]
# Two run at a time. Exits with 1 if one fails or has no source. What a run finds stays in tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(frame message session http1_head)

if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "fuzz: '$seconds' is not a number of seconds" >&2
  exit 2
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "fuzz: cargo-fuzz is missing; run tests/setup.sh" >&2
  exit 1
fi
missing=()
for target in "${targets[@]}"; do
  [ -f "fuzz_targets/$target.rs" ] || missing+=("$target")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "fuzz: no source for: ${missing[*]} (expected in tests/fuzz/fuzz_targets)" >&2
  exit 1
fi

# The sanitizers are unstable flags. This lets the stable compiler take them.
export RUSTC_BOOTSTRAP=1
# Freed memory that the sanitizer keeps back would count against the limit below.
export ASAN_OPTIONS=${ASAN_OPTIONS:-quarantine_size_mb=8}
for target in "${targets[@]}"; do
  cargo fuzz build --fuzz-dir . "$target"
done

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Fuzzes one target. New inputs go to the corpus; the seeds are only read.
fuzz() {
  local target=$1
  mkdir -p "corpus/$target" "seeds/$target"
  cargo fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- \
    -max_total_time="$seconds" -rss_limit_mb=512 -timeout=10 -print_final_stats=1 >"$logs/$target" 2>&1
}

# Waits for one target and says how it went. Its whole output only if it failed.
report() {
  local target=$1 pid=$2
  if wait "$pid"; then
    printf 'fuzz: %-12s ok: %s\n' "$target" "$(grep -E '^Done [0-9]+ runs' "$logs/$target" || echo 'no summary')"
    return 0
  fi
  tail -n 60 "$logs/$target" >&2
  printf 'fuzz: %-12s FAILED; the input is in tests/fuzz/artifacts/%s\n' "$target" "$target" >&2
  return 1
}

failed=0
for ((at = 0; at < ${#targets[@]}; at += 2)); do
  pair=("${targets[@]:at:2}")
  pids=()
  for target in "${pair[@]}"; do
    fuzz "$target" &
    pids+=($!)
  done
  for one in "${!pair[@]}"; do
    report "${pair[one]}" "${pids[one]}" || failed=1
  done
done
exit "$failed"
