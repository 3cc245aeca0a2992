#!/usr/bin/env bash
# The package in a Debian that has never seen it: installed by apt, served from as its unit does, upgraded, removed, purged.
#
#   install.sh DEB ROOT      ROOT is copied
set -euo pipefail
((EUID == 0)) || exec sudo bash "$0" "$@"

deb=$(realpath "${1:?the package}")
clean=${2:?a folder with a clean Debian}
scratch=$(mktemp -d "$(dirname "$deb")/install.XXXXXX")
root=$scratch/root
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap cleanup EXIT

passed=0
fail() {
    echo "FAILED: $1" >&2
    tail -n 30 "$scratch"/*.log >&2 || true
    exit 1
}
is() { [ "$1" = "$2" ] || fail "$3: \"$1\", not \"$2\""; passed=$((passed + 1)); }
has() { [ -e "$root$1" ] || fail "$1 is missing"; passed=$((passed + 1)); }
has_not() { [ ! -e "$root$1" ] && [ ! -L "$root$1" ] || fail "$1 is there"; passed=$((passed + 1)); }
environment=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8)
within() { "${environment[@]}" chroot "$root" "$@"; }
apt() { within apt-get -qq -y --no-install-recommends "$@" >"$scratch/apt.log" 2>&1 || fail "apt-get $* failed"; }

cp -a "$clean" "$root"
cp "$deb" "$root/warta.deb"
units=$(dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's|^\./lib/systemd/system/||p' | grep .) || true
enabled() { grep -q '^\[Install\]' "$root/lib/systemd/system/$1"; }
links() { find "$root/etc/systemd/system" -name "$1" 2>/dev/null | wc -l; }

# --- installed ---
apt install ./warta.deb
is "$(within warta version)" "warta $(dpkg-deb -f "$deb" Version)" "the version"
is "$(within ldd /usr/bin/warta | awk '/=>/ { print $1; exit }')" libmimalloc.so.2 "the first library, which all others take malloc from"
has /usr/share/man/man1/warta.1.gz
has /usr/share/bash-completion/completions/warta
is "$(within dpkg-query -W -f '${Conffiles}' warta | awk '{ print $1 }')" /etc/warta/warta.conf "the settings files"
for unit in $units; do
    enabled "$unit" && expected=1 || expected=0
    [ "$(links "$unit")" -ge "$expected" ] || fail "$unit is not enabled"
    passed=$((passed + 1))
done

# --- served from: the unit's own line, as a user of its own, in the folder that systemd makes for such a user ---
line() { sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/$1"; }
user=warta
within useradd --system --no-create-home --shell /usr/sbin/nologin "$user"
# systemd shuts this folder to all but root, and opens it to the service by a mount.
within install -d -m 711 /var/lib/private
within install -d -o "$user" -g "$user" -m 750 /var/lib/private/warta /var/lib/private/warta/backups
within ln -s private/warta /var/lib/warta
as_user=(setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs)
cp samples/coop.json "$root/items.json"
within "${as_user[@]}" warta import --config /etc/warta/warta.conf /items.json >"$scratch/import.log" 2>&1 || fail "the samples were not imported"
# Without a shell between, so that the server is whom the signal is for.
"${environment[@]}" chroot "$root" "${as_user[@]}" $(line warta.service) --listen 127.0.0.1:0 \
    >"$scratch/serve.log" 2>"$scratch/serve.err.log" &
server=$!
for _ in $(seq 300); do
    grep -qs 'listening on' "$scratch/serve.log" && break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
done
address=$(sed -n 's/^warta: listening on //p' "$scratch/serve.log")
[ -n "$address" ] || fail "the server does not listen"
curl -sS --max-time 10 -o "$scratch/listing.html" "$address/" || fail "no answer"
grep -q 'Cooperatives and the World of Work' "$scratch/listing.html" || fail "the listing is not served"
style=$(grep -o -m 1 '/static/site[^"]*css' "$scratch/listing.html")
is "$(curl -sS --max-time 10 -o /dev/null -w '%{http_code} %{content_type}' "$address$style" | cut -c 1-12)" "200 text/css" "the style"
# What root does on the command line must not take the files from the service.
echo 'the tiger swims at dawn' | within warta user add Ana --role admin --password-stdin --config /etc/warta/warta.conf >/dev/null
is "$(find "$root/var/lib/warta/" ! -user "$(within id -u "$user")" | wc -l)" 0 "files of another owner in /var/lib/warta"
is "$(curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$address/admin/login")" 200 "the login"
within warta check --config /etc/warta/warta.conf >"$scratch/check.log" 2>&1 || fail "warta check finds something"
grep -q 'database /var/lib/warta/warta.db: whole' "$scratch/check.log" || fail "warta check looks elsewhere"
within "${as_user[@]}" $(line warta-backup.service) >"$scratch/backup.log" 2>&1 || fail "no backup can be made"
is "$(find "$root/var/lib/warta/backups/" -type f -size +8k | wc -l)" 1 "backups"
kill "$server"
wait "$server" || fail "the server did not end with 0"
server=

# --- restored, by root: the files stay the service's ---
backup=$(cd "$root" && echo var/lib/private/warta/backups/*.db)
within warta restore "/$backup" --config /etc/warta/warta.conf >"$scratch/restore.log" 2>&1 || fail "no backup can be restored"
is "$(find "$root/var/lib/warta/" ! -user "$(within id -u "$user")" | wc -l)" 0 "files of another owner after the restore"
is "$(within "${as_user[@]}" warta user list --config /etc/warta/warta.conf | cut -f 1)" Ana "the users of the backup"
for example in nginx.conf nginx-subpath.conf; do
    has "/usr/share/doc/warta/examples/$example"
done

# --- upgraded: settings stay ---
echo 'site-title = Our news' >>"$root/etc/warta/warta.conf"
apt install --reinstall ./warta.deb
grep -q 'Our news' "$root/etc/warta/warta.conf" || fail "an upgrade lost the settings"

# --- removed: settings and the site stay ---
apt remove warta
has_not /usr/bin/warta
has /etc/warta/warta.conf
has /var/lib/warta/warta.db

# --- purged: the site stays all the same ---
apt purge warta
has_not /etc/warta
has /var/lib/warta/warta.db
grep -q 'the site is kept in /var/lib/warta' "$scratch/apt.log" || fail "nothing is said of what is kept"
for unit in $units; do
    is "$(links "$unit")" 0 "links to $unit after the purge"
done

# --- back again, and purged with the site, as somebody said so ---
apt install ./warta.deb
is "$(within "${as_user[@]}" warta user list --config /etc/warta/warta.conf | cut -f 1)" Ana "the users of the site that was kept"
echo 'warta warta/purge-data boolean true' | within debconf-set-selections
apt purge warta
has_not /var/lib/warta
has_not /var/lib/private/warta
has_not /etc/warta

echo "$passed passed"
