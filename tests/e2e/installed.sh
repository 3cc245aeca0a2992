#!/usr/bin/env bash
# What cmake --install puts where, and that it leaves settings alone that are there already.
set -euo pipefail

warta=${WARTA:?the program to test}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0
fail() {
    echo "FAILED: $1" >&2
    exit 1
}
put() { DESTDIR=$folder cmake --install "$(dirname "$warta")" >"$folder/log" 2>&1 || { cat "$folder/log"; fail "cmake --install"; }; }

put
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:[A-Z]*=//p' "$(dirname "$warta")/CMakeCache.txt")
at=$folder$prefix
for file in bin/warta share/man/man1/warta.1.gz share/bash-completion/completions/warta etc/warta/warta.conf; do
    [ -e "$at/$file" ] || fail "$file is not installed"
    passed=$((passed + 1))
done
[ -x "$at/bin/warta" ] || fail "warta cannot be run"
zcat "$at/share/man/man1/warta.1.gz" | cmp -s - "$(dirname "$warta")/warta.1" || fail "the manual page is another"
for unit in deploy/*.service deploy/*.socket deploy/*.timer; do
    [ -e "$unit" ] || continue
    installed=$at/lib/systemd/system/${unit#deploy/}
    [ -e "$installed" ] || fail "$unit is not installed"
    ! grep -E '[= ](/usr/bin/warta|/etc/warta)' "$installed" || fail "$unit looks for things elsewhere"
    passed=$((passed + 1))
done

# Every line of the settings is one that the program takes, and it sets none but the database.
for name in $(compgen -v WARTA_); do unset "$name"; done
"$warta" check --config "$at/etc/warta/warta.conf" >"$folder/out" 2>"$folder/err" || true
[ "$(grep -c '(file ' "$folder/out")" = 1 ] || { cat "$folder/out" "$folder/err"; fail "the settings set more than the database"; }
sed 's/^#\([a-z-]* = \)/\1/' "$at/etc/warta/warta.conf" >"$folder/all.conf"
"$warta" check --config "$folder/all.conf" >"$folder/out" 2>"$folder/err" || true
named=$("$warta" serve --help | grep -oP '^  --\K[a-z-]+' | grep -vx config | sort)
[ "$(sed -n 's/^  \([a-z-]*\) .*(file .*/\1/p' "$folder/out" | sort)" = "$named" ] || { cat "$folder/err"; fail "the settings are not those of --help"; }

echo 'site-title = Ours' >"$at/etc/warta/warta.conf"
put
[ "$(cat "$at/etc/warta/warta.conf")" = 'site-title = Ours' ] || fail "the operator's settings were replaced"
echo "$((passed + 5)) passed"
