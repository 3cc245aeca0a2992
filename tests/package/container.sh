#!/usr/bin/env bash
# The Containerfile, built from the source tarball in a clean Debian, and what it makes: no root, and it serves.
#
#   container.sh ROOT FOLDER      ROOT stands for Debian's images; FOLDER is for scratch
set -euo pipefail
((EUID == 0)) || exec sudo bash "$0" "$@"

root=${1:?a folder with a clean Debian}
scratch=$(mktemp -d "${2:?a folder}/container.XXXXXX")
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
buildah=(buildah --root "$scratch/storage" --runroot "$scratch/run")
cleanup() {
    "${buildah[@]}" rm --all >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT

passed=0
fail() {
    echo "FAILED: $1" >&2
    tail -n 60 "$scratch"/*.log >&2 || true
    exit 1
}
is() { [ "$1" = "$2" ] || fail "$3: \"$1\", not \"$2\""; passed=$((passed + 1)); }

tarball=$(scripts/source "$scratch")
tar -xzf "$tarball" -C "$scratch"
context=${tarball%.tar.gz}

base=$("${buildah[@]}" from scratch)
"${buildah[@]}" add -q "$base" "$root" / >/dev/null
"${buildah[@]}" commit -q "$base" docker.io/library/debian:12 >/dev/null
"${buildah[@]}" tag docker.io/library/debian:12 docker.io/library/debian:12-slim
"${buildah[@]}" bud --format docker --pull-never --tag warta -f "$context/deploy/Containerfile" "$context" \
    >"$scratch/build.log" 2>&1 || fail "the image was not built"

inspected() { "${buildah[@]}" inspect --type image --format "{{$1}}" localhost/warta; }
is "$(inspected .Docker.Config.User)" 64100:64100 "the user"
is "$(inspected .Docker.Config.Healthcheck.Test)" "[CMD warta healthcheck]" "the health check"
is "$(inspected .Docker.Config.Entrypoint) $(inspected .Docker.Config.Cmd)" "[warta] [serve]" "the command"

container=$("${buildah[@]}" from --pull-never localhost/warta)
run() { "${buildah[@]}" run "$container" -- "$@"; }
is "$(run id -u)" 64100 "who runs"
is "$(run sh -c 'command -v gcc cmake || echo none')" none "what only the build needs"
# It serves as it is started there, with the folder that it has; the health check tells so, and ends when it is told to.
cat >"$scratch/serve.sh" <<'SERVE'
export WARTA_LISTEN=127.0.0.1:$1
! warta healthcheck 2>/dev/null || echo "somebody else is alive there"
warta serve >/tmp/out 2>&1 &
for _ in $(seq 300); do
    grep -q 'listening on' /tmp/out && break
    sleep 0.1
done
warta healthcheck || cat /tmp/out
kill %1
wait %1 && ls /var/lib/warta
SERVE
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
is "$("${buildah[@]}" run "$container" -- bash -c "$(cat "$scratch/serve.sh")" serve "$port")" \
    "127.0.0.1:$port is alive"$'\nwarta.db' "what is served"
echo "$passed passed"
