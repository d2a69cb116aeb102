# shellcheck shell=bash
# Semantic versions, compared as numbers, and tags of images. It runs nothing by itself.
# The callers set LC_ALL=C: everything here is bytes.

number='(0|[1-9][0-9]{0,8})'
identifier='(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)'
readonly version_pattern="^$number\.$number\.$number(-$identifier(\.$identifier)*)?\$"
# A version, and the digest that it was pinned to: 1.2.3 or 1.2.3@sha256:…
# Read by the scripts that source this one.
# shellcheck disable=SC2034
readonly tag_pattern="^[0-9A-Za-z.-]{1,64}(@sha256:[0-9a-f]{64})?\$"

# A build part (`+…`) is refused: no image can carry it.
is_version() { [ "${#1}" -le 64 ] && [[ $1 =~ $version_pattern ]]; }

# Prints lt, eq or gt: two numbers of any length without leading zeros.
compare_numbers() {
  if [ "${#1}" -ne "${#2}" ]; then
    if [ "${#1}" -lt "${#2}" ]; then echo lt; else echo gt; fi
  elif [ "$1" = "$2" ]; then
    echo eq
  elif [[ $1 < $2 ]]; then
    echo lt
  else
    echo gt
  fi
}

compare_identifiers() {
  local numeric='^[0-9]+$'
  if [[ $1 =~ $numeric && $2 =~ $numeric ]]; then
    compare_numbers "$1" "$2"
  elif [[ $1 =~ $numeric ]]; then
    echo lt
  elif [[ $2 =~ $numeric || $1 > $2 ]]; then
    echo gt
  elif [ "$1" = "$2" ]; then
    echo eq
  else
    echo lt
  fi
}

# Prints lt, eq or gt, by section 11 of Semantic Versioning 2.0.0.
compare_versions() {
  local -a left right
  local order at
  IFS=. read -r -a left <<<"${1%%-*}"
  IFS=. read -r -a right <<<"${2%%-*}"
  for at in 0 1 2; do
    order=$(compare_numbers "${left[at]}" "${right[at]}")
    [ "$order" = eq ] || { echo "$order"; return; }
  done
  # A version without a pre-release part is above those with one.
  case "$1 $2" in
    *-*\ *-*) ;;
    *-*\ *) echo lt; return ;;
    *\ *-*) echo gt; return ;;
    *) echo eq; return ;;
  esac
  IFS=. read -r -a left <<<"${1#*-}"
  IFS=. read -r -a right <<<"${2#*-}"
  for ((at = 0; at < ${#left[@]} && at < ${#right[@]}; at++)); do
    order=$(compare_identifiers "${left[at]}" "${right[at]}")
    [ "$order" = eq ] || { echo "$order"; return; }
  done
  compare_numbers "${#left[@]}" "${#right[@]}"
}
