#!/usr/bin/env bash
# Sets up a Gateway with Caddy on this server, by compose: folder, key, settings; then starts it and waits until it is well.
# Run as root from the source or an unpacked release. Run again it keeps the key and the settings that are there.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: setup-gateway.sh --fqdn DOMAIN --email ADDRESS [options]

  --fqdn DOMAIN     the Gateway's domain; its DNS record must lead to this server
  --email ADDRESS   where the certificate authority writes to
  --dir FOLDER      where all of it lies (default /opt/octoporty-gateway)
  --image NAME      the image without its version (default octoporty-gateway)
  --tag VERSION     the version (default: the one of this source)
  --uid UID         whom the Gateway runs as (default 1000)
  --gid GID         and its group (default 1000)
  --no-start        make everything, but start nothing

Environment: OCTOPORTY_GATEWAY_IMAGE and OCTOPORTY_GATEWAY_TAG set the defaults of --image and --tag.
TEXT
}

fail() {
  printf 'setup-gateway: %s\n' "$*" >&2
  exit 1
}
say() { printf 'setup-gateway: %s\n' "$*"; }

source=$(dirname "$(dirname "$(readlink -f "$0")")")
fqdn='' email='' folder=/opt/octoporty-gateway uid=1000 gid=1000 start=yes
image=${OCTOPORTY_GATEWAY_IMAGE:-octoporty-gateway}
tag=${OCTOPORTY_GATEWAY_TAG:-$(sed -n 's/^OCTOPORTY_GATEWAY_TAG=//p' "$source/compose/gateway.env.example")}
# How long the first start may take, images and certificate included.
readonly ready_seconds_max=180

while [ $# -gt 0 ]; do
  case $1 in
    --no-start) start=no ;;
    -h | --help) usage; exit 0 ;;
    --fqdn | --email | --dir | --image | --tag | --uid | --gid)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      case $1 in
        --fqdn) fqdn=$2 ;;
        --email) email=$2 ;;
        --dir) folder=$2 ;;
        --image) image=$2 ;;
        --tag) tag=$2 ;;
        --uid) uid=$2 ;;
        --gid) gid=$2 ;;
      esac
      shift
      ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

# Everything is checked before anything is made; all of it ends up in .env, so nothing but plain characters.
problems=0
check() {
  if ! [[ $2 =~ $3 ]]; then
    printf 'setup-gateway: %s: "%s" is not %s\n' "$1" "$2" "$4" >&2
    problems=$((problems + 1))
  fi
}
check --fqdn "$fqdn" '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$' "a domain such as gateway.example.com"
check --email "$email" '^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$' "an e-mail address"
check --dir "$folder" '^/[A-Za-z0-9._/-]+$' "a plain absolute path"
check --image "$image" '^[a-z0-9]([a-z0-9._/:-]{0,200}[a-z0-9])?$' "the name of an image without its version"
check --tag "$tag" '^[0-9A-Za-z][0-9A-Za-z._-]{0,63}(@sha256:[0-9a-f]{64})?$' "a version"
check --uid "$uid" '^[0-9]{1,9}$' "a number"
check --gid "$gid" '^[0-9]{1,9}$' "a number"
[ "$problems" -eq 0 ] || exit 2

command -v openssl >/dev/null 2>&1 || fail "openssl is needed; install it first"
if [ "$start" = yes ]; then
  docker compose version >/dev/null 2>&1 || fail "docker with compose is needed; install it first, or say --no-start"
fi

umask 077
install -d -m 0755 "$folder"
install -d -m 0711 "$folder/secrets"
install -d -m 0700 "$folder/data"
install -m 0644 "$source/compose/gateway.yaml" "$folder/compose.yaml"
install -m 0644 "$source/compose/Caddyfile" "$folder/Caddyfile"

key=$folder/secrets/api-key
if [ -s "$key" ]; then
  say "kept the key in $key"
else
  openssl rand -hex 32 >"$key.new"
  mv -f -- "$key.new" "$key"
  say "made a key: $key"
fi
# The container's user reads it through a mount that keeps the owner.
chown "$uid:$gid" "$key" "$folder/data" || fail "$key and $folder/data cannot be given to $uid:$gid; run it as root"
chmod 0400 "$key"

if [ -e "$folder/.env" ]; then
  say "kept the settings in $folder/.env"
else
  sed -e "s|^GATEWAY_FQDN=.*|GATEWAY_FQDN=$fqdn|" \
    -e "s|^ACME_EMAIL=.*|ACME_EMAIL=$email|" \
    -e "s|^OCTOPORTY_GATEWAY_IMAGE=.*|OCTOPORTY_GATEWAY_IMAGE=$image|" \
    -e "s|^OCTOPORTY_GATEWAY_TAG=.*|OCTOPORTY_GATEWAY_TAG=$tag|" \
    -e "s|^OCTOPORTY_UID=.*|OCTOPORTY_UID=$uid|" \
    -e "s|^OCTOPORTY_GID=.*|OCTOPORTY_GID=$gid|" \
    "$source/compose/gateway.env.example" >"$folder/.env.new"
  mv -f -- "$folder/.env.new" "$folder/.env"
  say "wrote the settings to $folder/.env"
fi

if [ "$start" = no ]; then
  say "start it with: cd $folder && docker compose up -d"
  exit 0
fi

cd "$folder"
docker compose up --detach --wait --wait-timeout "$ready_seconds_max" ||
  fail "it is not well after $ready_seconds_max s; look at: cd $folder && docker compose logs"
say "the Gateway runs. Check it from elsewhere: curl https://$fqdn/health"
say "each Agent needs the key: copy $key to the Agent's secrets/api-key"
