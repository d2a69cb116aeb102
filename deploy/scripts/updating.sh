# shellcheck shell=bash
# What update-gateway.sh and update-agent.sh share: settings, the journal of an update, and its steps. It runs nothing by itself.
# A caller sets `component` (gateway or agent) and calls begin, then update_to.
#
# An update that is killed at any point is finished, or taken back, by the next run: the journal is written before anything
# changes, and it names the version to go back to.
#
# Callers ask for the outcome of these functions, where `set -e` does not act. So each step that may fail is chained.

readonly EXIT_FAILED=1
# As sysexits.h has it: try again later. Another run is at work.
readonly EXIT_BUSY=75

# Everything below reads bytes, not characters of some language.
export LC_ALL=C

# shellcheck source=deploy/scripts/versions.sh
. "${BASH_SOURCE[0]%/*}/versions.sh"

component=''
program=''
service=''

say() { printf 'octoporty-update: %s: %s\n' "${component:-?}" "$*"; }
warn() { say "warning: $*" >&2; }
fail() {
  say "error: $*" >&2
  exit "$EXIT_FAILED"
}

# ---- settings

# Reads NAME=VALUE lines; what the environment has already wins. The file is data, not a script.
read_settings() {
  local file=$1 line name value number=0
  [ -e "$file" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    if ! [[ $line =~ ^(OCTOPORTY_[A-Z_]+)=(.*)$ ]]; then
      fail "$file, line $number: not of the form OCTOPORTY_NAME=VALUE"
    fi
    name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    if [ -z "${!name+set}" ]; then
      printf -v "$name" '%s' "$value"
    fi
  done <"$file"
}

# A whole number of seconds, one day at most: seconds NAME DEFAULT
seconds() {
  local value=${!1:-$2}
  if ! [[ $value =~ ^(0|[1-9][0-9]{0,4})$ ]] || [ "$value" -gt 86400 ]; then
    fail "$1: \`$value\` is not a number of seconds; allowed: 0 to 86400"
  fi
  printf '%s' "$value"
}

load_settings() {
  read_settings "${OCTOPORTY_CONF:-/etc/octoporty/updater.conf}"
  mode=${OCTOPORTY_MODE:-docker}
  [[ $mode == docker || $mode == systemd ]] || fail "OCTOPORTY_MODE: \`$mode\` is not a mode; allowed: docker, systemd"
  state=${OCTOPORTY_STATE:-/var/lib/octoporty-updater}
  prefix=${OCTOPORTY_PREFIX:-/usr/local}
  base_url=${OCTOPORTY_BASE_URL:-}
  release_key=${OCTOPORTY_RELEASE_KEY:-/etc/octoporty/release-key.pem}
  health_seconds=$(seconds OCTOPORTY_HEALTH_SECONDS 120) || exit
  fetch_seconds=$(seconds OCTOPORTY_FETCH_SECONDS 600) || exit
  # Longer than a stop may take, which is 40 s.
  restart_seconds=$(seconds OCTOPORTY_RESTART_SECONDS 120) || exit
  program=octoporty-$component
  case $component in
    gateway)
      folder=${OCTOPORTY_GATEWAY_DIR:-/opt/octoporty-gateway}
      health_url=${OCTOPORTY_GATEWAY_HEALTH_URL:-http://127.0.0.1:17200/health}
      data=''
      ;;
    agent)
      folder=${OCTOPORTY_AGENT_DIR:-/opt/octoporty-agent}
      health_url=${OCTOPORTY_AGENT_HEALTH_URL:-http://127.0.0.1:17201/health}
      if [ "$mode" = docker ]; then data=$folder/data; else data=${OCTOPORTY_AGENT_DATA:-/var/lib/octoporty-agent}; fi
      ;;
    *) fail "no such component" ;;
  esac
  if [ "$mode" = docker ]; then service=$component; else service=$program.service; fi
  tag_name=OCTOPORTY_${component^^}_TAG image_name=OCTOPORTY_${component^^}_IMAGE
}

# Settings, then the lock: never two at once, whoever started them. The lock ends with the process and its children.
begin() {
  load_settings
  umask 077
  mkdir -p "$state"
  [ -z "$data" ] || [ -d "$data" ] || fail "$data is not there; set OCTOPORTY_AGENT_DIR or OCTOPORTY_AGENT_DATA"
  journal=$state/$component.journal
  exec 9>"$state/lock"
  if ! flock -n 9; then
    say "another run is at work; this one ends"
    exit "$EXIT_BUSY"
  fi
}

# ---- files

# Replaces a file as a whole, or leaves it as it was: replace_file FILE TEXT. A file that exists keeps its owner and mode.
replace_file() {
  local draft=$1.new
  rm -f -- "$draft" || return
  if [ -e "$1" ]; then cp -p -- "$1" "$draft" || return; fi
  printf '%s\n' "$2" >"$draft" && sync "$draft" && mv -fT -- "$draft" "$1"
}

# What is under way: PHASE (prepare, switch, rollback), the tag to go back to, and the one to go to.
write_journal() { replace_file "$journal" "phase=$1"$'\n'"old=$2"$'\n'"new=$3"; }
clear_journal() { rm -f -- "$journal"; }

# Reads the journal into phase, old and new; fails if there is none.
read_journal() {
  [ -e "$journal" ] || return 1
  local line
  phase='' old='' new=''
  while IFS= read -r line; do
    case $line in
      phase=*) phase=${line#*=} ;;
      old=*) old=${line#*=} ;;
      new=*) new=${line#*=} ;;
    esac
  done <"$journal"
  if ! [[ $phase =~ ^(prepare|switch|rollback)$ && $old =~ $tag_pattern && $new =~ $tag_pattern ]]; then
    fail "$journal is damaged. See which version runs, set it right by hand, then remove that file"
  fi
}

# ---- the two ways to run: containers by compose, or programs by systemd

compose() { timeout --foreground "$restart_seconds" docker compose --project-directory "$folder" --file "$folder/compose.yaml" "$@"; }

# The value of a name in the .env beside compose.yaml: dotenv NAME
dotenv() { sed -n "s/^$1=//p" "$folder/.env" | tail -n 1; }

docker_current() {
  if ! [ -e "$folder/.env" ] || ! [ -e "$folder/compose.yaml" ]; then
    fail "$folder has no .env or no compose.yaml; set OCTOPORTY_${component^^}_DIR"
  fi
  current=$(dotenv "$tag_name")
  [[ $current =~ $tag_pattern ]] || fail "$folder/.env: $tag_name is missing or no tag"
  image=$(dotenv "$image_name")
  [[ $image =~ ^[a-z0-9]([a-z0-9._/:-]{0,200}[a-z0-9])?$ ]] || fail "$folder/.env: $image_name is missing or no image name"
}

docker_fetch() {
  timeout --foreground "$fetch_seconds" docker pull --quiet "$image:$1" >/dev/null
}

docker_use() {
  local text
  text=$(sed "s|^$tag_name=.*|$tag_name=$1|" "$folder/.env") && replace_file "$folder/.env" "$text"
}

docker_stop() { compose stop "$service"; }
docker_start() { compose up --detach --no-deps --no-build --pull never "$service"; }

docker_is_well() {
  local id
  id=$(compose ps --all --quiet "$service" 2>/dev/null) && [[ $id =~ ^[0-9a-f]+$ ]] || return 1
  [ "$(timeout --foreground 10 docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{end}}' "$id")" = healthy ] || return 1
  [ "$(timeout --foreground 10 docker exec "$id" "$program" --version)" = "$program $1" ]
}

systemd_current() {
  local target
  target=$(readlink -- "$prefix/bin/$program") || fail "$prefix/bin/$program is not a link into $prefix/lib/octoporty/VERSION; docs/operations/updating.md says how to make it one"
  [[ $target =~ ^(\.\.|$prefix)/lib/octoporty/([^/]+)/$program$ ]] || fail "$prefix/bin/$program leads elsewhere than $prefix/lib/octoporty/VERSION/$program"
  current=${BASH_REMATCH[2]}
  is_version "$current" || fail "$prefix/bin/$program leads to no version"
  image=$program
}

machine() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) fail "there are no programs for a machine of the kind $(uname -m)" ;;
  esac
}

# Downloads into a file, one attempt, over TLS only: download URL FILE BYTES_MAX
download() {
  curl --proto '=https' --fail --silent --show-error --max-time "$fetch_seconds" --max-filesize "$3" --output "$2" -- "$1"
}

systemd_fetch() {
  local name sums new=$prefix/lib/octoporty/$1.new
  [ ! -x "$prefix/lib/octoporty/$1/$program" ] || return 0
  name=$program-$1-linux-$(machine) || exit
  signed_sums "$1" || return 1
  sums=$state/release/SHA256SUMS
  grep -E "^[0-9a-f]{64}  $name\$" "$sums" >"$state/release/wanted" || { warn "the release names no file $name"; return 1; }
  # No program of ours is anywhere near 200 MB.
  download "$base_url/v$1/$name" "$state/release/$name" 200000000 || return 1
  (cd "$state/release" && sha256sum --check --strict --status wanted) || { warn "$name does not have the digest that was signed"; return 1; }
  install -d -m 0755 "$new" "$prefix/lib/octoporty/$1" &&
    install -m 0755 "$state/release/$name" "$new/$program" &&
    sync "$new/$program" &&
    mv -fT -- "$new/$program" "$prefix/lib/octoporty/$1/$program" || return
  rm -rf -- "$new" "$state/release"
}

systemd_use() {
  ln -sfnT "../lib/octoporty/$1/$program" "$prefix/bin/$program.new" &&
    mv -fT -- "$prefix/bin/$program.new" "$prefix/bin/$program"
}

# Programs of other versions than the two at hand are not needed any more: systemd_tidy OLD NEW
systemd_tidy() {
  local path
  for path in "$prefix/lib/octoporty"/*/"$program"; do
    case $path in
      "$prefix/lib/octoporty/$1/$program" | "$prefix/lib/octoporty/$2/$program" | "$prefix/lib/octoporty/*/$program") ;;
      *) rm -f -- "$path" && rmdir --ignore-fail-on-non-empty -- "${path%/*}" ;;
    esac
  done
}
docker_tidy() { :; }

systemd_stop() { timeout --foreground "$restart_seconds" systemctl stop "$service"; }
systemd_start() { timeout --foreground "$restart_seconds" systemctl restart "$service"; }

systemd_is_well() {
  systemctl is-active --quiet "$service" &&
    curl --fail --silent --max-time 5 --output /dev/null -- "$health_url" &&
    [ "$(timeout --foreground 10 "$prefix/bin/$program" --version)" = "$program $1" ]
}

# ---- what a release is: signed digests

# Fetches the digests of a release and checks who signed them: signed_sums VERSION
signed_sums() {
  [[ $base_url =~ ^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$ ]] ||
    { warn "OCTOPORTY_BASE_URL is no https address, so nothing can be fetched"; return 1; }
  [ -e "$release_key" ] || { warn "there is no key to check releases with at $release_key"; return 1; }
  rm -rf -- "$state/release" && mkdir -p "$state/release" || return
  download "$base_url/v$1/SHA256SUMS" "$state/release/SHA256SUMS" 65536 || return 1
  download "$base_url/v$1/SHA256SUMS.sig" "$state/release/SHA256SUMS.sig" 65536 || return 1
  openssl dgst -sha256 -verify "$release_key" -signature "$state/release/SHA256SUMS.sig" "$state/release/SHA256SUMS" >/dev/null 2>&1 ||
    { warn "the signature of release $1 does not fit the key at $release_key"; return 1; }
}

# Sets `wanted` to the tag of a version: with a key for releases, the signed digest is part of it.
choose_tag() {
  wanted=$1
  if [ "$mode" = systemd ]; then return 0; fi
  if ! [ -e "$release_key" ]; then
    warn "the image is taken by its tag, not by a signed digest: there is no key at $release_key"
    return 0
  fi
  signed_sums "$1" || return 1
  local digest
  digest=$(sed -nE "s|^([0-9a-f]{64})  image/$program:${1//./\\.}\$|\1|p" "$state/release/SHA256SUMS")
  rm -rf -- "$state/release"
  [[ $digest =~ ^[0-9a-f]{64}$ ]] || { warn "the release names no image of $program"; return 1; }
  wanted=$1@sha256:$digest
}

# ---- the Agent's data: a newer version may change the database, so going back needs the copy

copy_data() {
  local copy=$state/$component-data
  [ -n "$data" ] || return 0
  rm -rf -- "$copy.new" &&
    mkdir -p "$copy.new" &&
    cp -a -- "$data/." "$copy.new/" &&
    sync -f "$copy.new" &&
    rm -rf -- "$copy" &&
    mv -T -- "$copy.new" "$copy" || return
  say "copied its data to $copy"
}

restore_data() {
  local copy=$state/$component-data
  [ -n "$data" ] || return 0
  if ! [ -d "$copy" ]; then
    warn "there is no copy of its data to put back"
    return 0
  fi
  find "$data/" -mindepth 1 -delete && cp -a -- "$copy/." "$data/" || return
  say "put its data back as it was before the update"
}

# ---- the steps

# Waits until this version runs and is well: is_well TAG
is_well() {
  local version=${1%%@*} deadline=$((SECONDS + health_seconds))
  while :; do
    if "${mode}_is_well" "$version" 2>/dev/null; then return 0; fi
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep "${OCTOPORTY_POLL_SECONDS:-2}"
  done
}

# What happened last, and when: record updated|failed TAG
record() { replace_file "$state/$component.last" "$(date -u +%Y-%m-%dT%H:%M:%SZ) $1 $2" || warn "$state cannot be written"; }

# Runs NEW in place of OLD; the journal says so already. Goes back if it is not well: switch_over OLD NEW
switch_over() {
  local old=$1 new=$2
  say "$old -> $new: restarting"
  if "${mode}_use" "$new" && "${mode}_start" && is_well "$new"; then
    say "$old -> $new: done, it is well"
    record updated "$new"
    "${mode}_tidy" "$old" "$new" || true
    return 0
  fi
  warn "$old -> $new: it did not become well within $health_seconds s; going back"
  # Without the note the next run would try the new version again, and then come here again.
  write_journal rollback "$old" "$new" || warn "$journal cannot be written"
  roll_back "$old" "$new"
  return 1
}

roll_back() {
  local old=$1 new=$2
  if [ -n "$data" ]; then "${mode}_stop" || warn "it could not be stopped"; fi
  "${mode}_use" "$old" || warn "the old version could not be set"
  restore_data || warn "its data could not be put back as a whole; the copy is $state/$component-data"
  "${mode}_start" || warn "it could not be started"
  record failed "$new"
  if is_well "$old"; then
    say "$new -> $old: went back, it is well"
  else
    say "error: $new -> $old: went back, but it is not well either. An operator must look at it" >&2
  fi
}

# Finishes or takes back what an earlier run left. Fails if it had to be taken back. Nothing left is well, too.
# Sets `finished` to the version that was under way, or to nothing.
# shellcheck disable=SC2034 # The caller reads it.
resume() {
  local phase old new
  finished=''
  read_journal || return 0
  case $phase in
    prepare)
      say "an earlier run ended before anything changed; starting $old again"
      "${mode}_start" || warn "it could not be started"
      clear_journal
      return 0
      ;;
    switch)
      say "an earlier run ended in the middle of $old -> $new; finishing it"
      finished=${new%%@*}
      switch_over "$old" "$new"
      ;;
    rollback)
      say "an earlier run ended on its way back from $new to $old; finishing that"
      finished=${new%%@*}
      roll_back "$old" "$new"
      return 1
      ;;
  esac
}

# Updates to a version that was checked already. Fails when it could not be had (EXIT_BUSY, nothing has changed) or was taken back.
update_to() {
  local version=$1 old=$current wanted
  say "$old -> $version: fetching"
  if ! choose_tag "$version" || ! "${mode}_fetch" "$wanted"; then
    warn "$old -> $version: it could not be fetched; nothing has changed"
    return "$EXIT_BUSY"
  fi
  if [ -n "$data" ]; then
    write_journal prepare "$old" "$wanted" || fail "$journal cannot be written; nothing has changed"
    if ! "${mode}_stop" || ! copy_data; then
      warn "$old -> $version: its data could not be copied; nothing has changed"
      resume
      return "$EXIT_FAILED"
    fi
  fi
  write_journal switch "$old" "$wanted" || fail "$journal cannot be written; nothing has changed"
  switch_over "$old" "$wanted"
}
