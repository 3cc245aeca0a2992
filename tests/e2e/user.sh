#!/usr/bin/env bash
# Users on the command line: what each action does, and every mistake with its one line and exit code.
set -euo pipefail

warta=${WARTA:?the program to test}
folder=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
for name in $(compgen -v WARTA_); do unset "$name"; done
export WARTA_DATABASE=t.db WARTA_PASSWORD_MEMORY=8 WARTA_LOG_LEVEL=error

passed=0
fail() {
    echo "FAILED: $1" >&2
    cat out err >&2 || true
    exit 1
}

# runs CODE WORDS...: the program must end with that code; its standard input is $input.
input=
runs() {
    local code=$1 got=0
    shift
    printf '%b' "$input" | "$warta" "$@" >out 2>err || got=$?
    [ "$got" = "$code" ] || fail "warta $* ended with $got, not $code"
    passed=$((passed + 1))
}
says() { grep -qF -- "$1" out || fail "standard output does not say: $1"; }
errs() {
    grep -qF -- "$1" err || fail "standard error does not say: $1"
    [ "$(wc -l <err)" = 1 ] || fail "not one line on standard error"
}

# --- usage ---
runs 2 user
runs 2 user frobnicate; errs "frobnicate"
runs 2 user add; errs "name is missing"
runs 2 user list Ana; errs "nothing may stand"
runs 2 user add Ana Boris; errs "Boris"
runs 2 user add Ana --role king; errs "role"
runs 2 user list --password-memory 4; errs "password-memory"
runs 0 user --help; says "--password-stdin"; says "enable NAME"
runs 1 user list; errs "t.db"

# --- adding ---
runs 1 user add Ana; errs "--password-stdin"
runs 1 user add Ana --password-stdin; errs "no password on standard input"
input='short\n'; runs 1 user add Ana --password-stdin; errs "shorter than 12"
input='password1234\n'; runs 1 user add Ana --password-stdin; errs "guessed first"
input='the tiger\0 swims at dawn\n'; runs 1 user add Ana --password-stdin; errs "no password"
input='the tiger swims at dawn\n'
runs 1 user add '' --password-stdin; errs "is missing"
runs 1 user add $'A\tna\001' --password-stdin; errs "cannot be seen"
runs 0 user list; [ ! -s out ] || fail "there are users already"
runs 0 user add Ana --role admin --password-stdin; says "Ana added as an admin"
runs 1 user add ana --password-stdin; errs "already"
input='the tiger swims at dawn\r\nnot read\n' runs 0 user add Boris --password-stdin; says "added as an editor"
input=
runs 0 user list
[ "$(cut -f 1-3 out)" = $'Ana\tadmin\tenabled\nBoris\teditor\tenabled' ] || fail "the list is another"
[[ "$(cut -f 4 out)" =~ ^20..-..-..T..:..:..Z ]] || fail "the list has no time"

# --- changing ---
runs 1 user disable Eva; errs "Eva"
runs 1 user disable Ana; errs "last admin"
runs 0 user disable boris; says "is disabled"
runs 0 user list; says $'Boris\teditor\tdisabled'
runs 0 user enable Boris; says "is enabled"
runs 1 user passwd Boris; errs "--password-stdin"
runs 1 user passwd Eva --password-stdin; errs "no user"
input='Another long one\n'; runs 0 user passwd Boris --password-stdin; says "new password"
input=

# --- the terminal: typed twice, and not to be seen ---
if command -v script >/dev/null; then
    typed() { (sleep 0.3; printf '%s\n' "$1"; sleep 0.3; printf '%s\n' "$2"; sleep 0.3) |
        script -qec "$warta user passwd Boris" /dev/null >out 2>err; }
    typed 'a third long one' 'a third long one' || fail "the terminal's password was not taken"
    says "new password"
    ! grep -q 'third' out || fail "the password was shown"
    ! typed 'a third long one' 'a fourth long one' || fail "two different passwords were taken"
    says "differ"
    passed=$((passed + 2))
fi

# --- the first admin's link ---
announced() {
    "$warta" serve --listen 127.0.0.1:0 "$@" >serve.out 2>serve.err &
    server=$!
    for _ in $(seq 100); do grep -q listening serve.out && break; sleep 0.05; done
    sleep 0.3
    kill "$server"; wait "$server" || true
    server=
    cp serve.out out
}
announced --database new.db --base-url https://news.example/coop
grep -qE 'no users yet; make the first within 30 minutes at https://news.example/coop/admin/setup\?token=[A-Za-z0-9_-]{43}$' \
    serve.out || fail "no link for the first admin"
[ "$(head -1 serve.out | cut -d ' ' -f 1-3)" = "warta: listening on" ] || fail "the listening line is not the first"
announced
! grep -q token serve.out || fail "a link, though there are users"
passed=$((passed + 2))

runs 2 serve --trusted-proxy 10.0.0.0/99; errs "--trusted-proxy"
runs 2 serve --upload-max 0; errs "upload-max"

echo "$passed passed"
