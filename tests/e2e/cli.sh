#!/usr/bin/env bash
# The command line as an operator meets it: every verb, and every mistake with its one line and exit code.
set -euo pipefail

warta=${WARTA:?the program to test}
source_dir=${WARTA_SOURCE_DIR:?the root of the project}
folder=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    chmod -R u+rwx "$folder"
    rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
for name in $(compgen -v WARTA_); do [ "$name" = WARTA_SOURCE_DIR ] && export -n WARTA_SOURCE_DIR || unset "$name"; done

passed=0
fail() {
    echo "FAILED: $1" >&2
    cat out err >&2 || true
    exit 1
}

# runs CODE WORDS...: the program must end with that code; its output is in out and err.
runs() {
    local code=$1 got=0
    shift
    "$warta" "$@" >out 2>err </dev/null || got=$?
    [ "$got" = "$code" ] || fail "warta $* ended with $got, not $code"
    passed=$((passed + 1))
}
says() { grep -qF -- "$1" out || fail "standard output does not say: $1"; }
errs() { grep -qF -- "$1" err || fail "standard error does not say: $1"; }
one_line() { [ "$(wc -l <err)" = 1 ] || fail "not one line on standard error"; }

# --- usage ---
runs 0 version; says "warta "; cp out version.out
runs 0 --version; cmp -s out version.out || fail "--version is not version"
runs 0 --help; says "import"; says "serve"
runs 0 import --help; says "--dry-run"; says "--database"
for verb in $("$warta" --help | awk '/^  [a-z]/ { print $1 }'); do
    runs 0 "$verb" --help; says "usage: warta $verb"
    awk 'length > 80' out | grep . && fail "$verb --help is wider than a terminal"
done
runs 2; errs "verb"; one_line
runs 2 frobnicate; errs "frobnicate"; one_line
runs 2 servee; errs "did you mean serve"; one_line
runs 2 import; one_line
runs 2 version extra; errs "too many: warta version"; one_line; grep -q ' $' err && fail "a line ends in a space"
runs 2 export; one_line
runs 2 serve --prot 80; errs "--prot"; one_line
runs 2 serve --sit-title x; errs "site-title"; one_line
runs 2 serve --threads many; errs "threads"; one_line
WARTA_LISTN=x runs 2 serve; errs "WARTA_LISTN"; one_line
echo 'colour = red' >bad.conf
runs 2 serve --config bad.conf; errs "bad.conf:1"; one_line

# --- import and export ---
runs 0 import --database t.db "$source_dir/samples/coop.json"; says "10 new, 0 changed, 0 unchanged"
runs 0 import --database t.db "$source_dir/samples/coop.json"; says "0 new, 0 changed, 10 unchanged"
runs 0 import --database t.db "$source_dir/samples/showcase.json"; says " 0 changed, 0 unchanged"
runs 0 import --database t.db "$source_dir/samples/showcase.json"; says "0 new, 0 changed"
runs 0 export --database t.db all.json
[ ! -s out ] || fail "export to a file prints"
[ "$(jq length all.json)" = "$(jq -s 'map(length) | add' "$source_dir"/samples/*.json)" ] || fail "items are missing"
runs 0 export --database t.db -; cmp -s out all.json || fail "standard output is another export"
runs 0 import --database copy.db all.json
runs 0 export --database copy.db copy.json
cmp -s all.json copy.json || fail "the export of an import is not the same"
runs 0 import --database copy.db copy.json; says "0 new, 0 changed"

# Every key that a sample gives comes out as it went in.
jq -e --slurpfile all all.json '
    . as $given | [range(length)] | all(. as $i | $given[$i] as $item
    | any($all[0][]; . as $out | all($item | to_entries[]; .value == $out[.key] or .value == null)))' \
    "$source_dir/samples/coop.json" >/dev/null || fail "a sample item changed on its way"

jq -c '.[0:1]' "$source_dir/samples/coop.json" | "$warta" import --database stdin.db - >out 2>err || fail "import -"
says "1 new"

# A dry run tells and stores nothing.
jq '.[0].title = "Another title" | .[0:2]' all.json >changed.json
runs 0 import --database t.db --dry-run changed.json; says "changed: "; says "title"; says "nothing stored"
runs 0 export --database t.db -; cmp -s out all.json || fail "a dry run stored something"
runs 0 import --database fresh.db --dry-run all.json; says "new: "
[ -z "$(find . -name 'fresh*')" ] || fail "a dry run made a database"
cp t.db older.db
sqlite3 older.db 'PRAGMA user_version = 1' >/dev/null
before=$(sha256sum older.db)
runs 1 import --database older.db --dry-run all.json; errs "older.db"; one_line
[ "$before" = "$(sha256sum older.db)" ] || fail "a dry run changed a database"
runs 1 import --database nowhere/fresh.db --dry-run all.json; errs "nowhere does not exist: make it"; one_line

# What is written to need not be a file: a pipe stays one, and a link leads on.
mkfifo pipe
cat pipe >piped.json &
reader=$!
runs 0 export --database t.db pipe
[ -p pipe ] || fail "a pipe was replaced"
wait "$reader"
cmp -s piped.json all.json || fail "a pipe got another export"
: >linked.json
ln -s linked.json link.json
runs 0 export --database t.db link.json
[ -L link.json ] || fail "a link was replaced"
cmp -s linked.json all.json || fail "a link did not lead on"

# An update keeps what is not given, and an old slug goes on leading to its item.
echo '[{"slug": "moved", "aliases": ["first-slug"], "type": "news", "title": "First slug"}]' >move.json
echo '[{"type": "news", "title": "First slug", "summary": "Kept", "date": "2020-01-02"}]' >first.json
runs 0 import --database move.db first.json; says "1 new"
runs 0 import --database move.db move.json; says "1 changed"
runs 0 export --database move.db -
jq -e '.[0] | .slug == "moved" and .summary == "Kept" and .date == "2020-01-02" and .aliases == ["first-slug"]' out >/dev/null \
    || fail "an update lost something"

# Two items of one title are two items.
echo '[{"type": "news", "title": "Newsletter", "date": "2020-01-01"}, {"type": "news", "title": "Newsletter", "date": "2020-02-01"}]' >same.json
runs 0 import --database same.db same.json; says "2 new"
runs 0 import --database same.db same.json; says "2 unchanged"

# Mistakes: each is named by index, key and reason, and nothing is stored.
refused() {
    printf '%s' "$1" >wrong.json
    runs 1 import --database refused.db wrong.json
    errs "$2"; errs "$3"; errs "nothing was stored"
    [ ! -e refused.db ] || { runs 0 export --database refused.db -; [ "$(jq length out)" = 0 ] || fail "something was stored"; }
}
good='{"type": "news", "title": "Good"}'
refused "[$good, {\"type\": \"news\"}]" '[1].title' 'is missing'
refused "[$good, {\"title\": \"x\"}]" '[1].type' 'is missing'
refused "[$good, {\"type\": \"news\", \"title\": \"x\", \"date\": \"2019-02-30\"}]" '[1].date' 'is not a date'
refused "[{\"type\": \"news\", \"title\": \"x\", \"colour\": \"red\"}]" '[0].colour' 'is not a known key'
refused "[{\"type\": \"news\", \"title\": 7}]" '[0].title' ''
refused "[{\"type\": \"news\", \"title\": \"x\", \"link\": \"javascript:alert(1)\"}]" '[0].link' ''
refused "[{\"type\": \"news\", \"title\": \"x\", \"event\": {\"starts\": \"2020-02-02\", \"ends\": \"2020-02-01\"}}]" '[0].event.ends' 'before'
refused "[{\"type\": \"news\", \"title\": \"x\", \"status\": \"secret\"}]" '[0].status' ''
refused "[{\"slug\": \"a\", \"type\": \"news\", \"title\": \"x\"}, {\"slug\": \"a\", \"type\": \"news\", \"title\": \"y\"}]" '[1].slug' 'same item'
refused "[$good, 7]" 'wrong.json: [1] is' 'not an object'
refused '[{"type": "news", "title": "a\u001b[2J\u009b2J\nb"}]' '[0].title' 'control'
grep -q $'[\x1b\x9b]' err && fail "a terminal would obey a title"
for wrong in '{"type": "news"}' '[{"a": 1, "a": 2}]' '[' 'x' '[{"type": "news", "title": "\ud800"}]'; do
    printf '%s' "$wrong" >wrong.json
    runs 1 import --database refused.db wrong.json; errs "wrong.json"; one_line
done
runs 1 import --database refused.db missing.json; errs "missing.json"; one_line

# --- pages saved as text ---
cat >page.txt <<'TEXT'
Work on cooperatives

  1. News

    A first title on cooperatives

    30 August 2019

    One or more sentences.

  2. Cooperatives and the World of Work Series No. 12

    A second title with no text

    20 August 2019

  3. Event

    A third title with no date

    Some words.
TEXT
runs 0 import --database text.db --dry-run --text page.txt; says "block 2"; says "publication"; says "nothing stored"
runs 0 import --database text.db --text page.txt; says "3 new"
"$warta" import --database text.db --text - <page.txt >out 2>err || fail "import --text -"
says "3 unchanged"
runs 0 export --database text.db -
jq -e 'map([.type, .kicker, .date]) == [["news", "", "2019-08-30"],
    ["publication", "Cooperatives and the World of Work Series No. 12", "2019-08-20"], ["event", "", null]]' out >/dev/null \
    || fail "the text was read otherwise"
printf 'Title\n\n  1. News\n\n    A title\n\n    30/08/2019\n' >odd.txt
runs 0 import --database odd.db --text odd.txt; says 'block 1, "30/08/2019", is text and no date'
printf 'Title\n\n  1. News\n\n  2. Event\n\n    Something\n' >broken.txt
runs 1 import --database broken.db --text broken.txt; errs "broken.txt, line"; one_line
[ ! -e broken.db ] || fail "a broken text made a database"

# --- check ---
runs 0 check --database t.db; says "whole"; says "site-title"
sqlite3 copy.db 'UPDATE listing_count SET items = items + 1 WHERE type_id = 1'
runs 1 check --database copy.db; says "damaged"; says "counts"
runs 1 check --database none.db; errs "none.db"
[ ! -e none.db ] || fail "check made a database"

# --- what cannot be served ---
runs 1 serve --database nowhere/t.db --listen 127.0.0.1:0; errs "nowhere"; one_line
echo 'this is no database, whatever its name may say' >no.db
runs 1 serve --database no.db --listen 127.0.0.1:0; errs "no.db"; one_line
cp copy.db newer.db
sqlite3 newer.db 'PRAGMA user_version = 9999' >/dev/null
before=$(sha256sum newer.db)
runs 1 serve --database newer.db --listen 127.0.0.1:0; errs "newer.db"; errs "newer warta"; one_line
[ "$before" = "$(sha256sum newer.db)" ] || fail "a newer database was touched"
runs 1 serve --database t.db --listen 999.1.1.1:80; errs "999.1.1.1"; one_line
runs 2 serve --database t.db --listen 127.0.0.1:0 --base-url ftp://x; errs '--base-url: "ftp://x" is no base address'; one_line
runs 2 serve --database t.db --listen 127.0.0.1:0 --timezone Mars/North; errs '--timezone: "Mars/North" is not a time zone'; one_line
runs 2 serve --database t.db --listen 127.0.0.1:0 --site-lang nö; errs '--site-lang: "nö" is not a language tag'; one_line
printf 'site-title = Ours\ntimezone = Mars/North\n' >wrong.conf
runs 2 check --config wrong.conf; errs 'wrong.conf:2: timezone: "Mars/North" is not a time zone'; one_line

# --- serve, over a real socket ---
"$warta" serve --database t.db --listen 127.0.0.1:0 --site-title "Our news" >serve.out 2>serve.err &
server=$!
for _ in $(seq 100); do
    grep -q listening serve.out && break
    sleep 0.05
done
address=$(sed -n 's/^warta: listening on //p' serve.out)
[ -n "$address" ] || { cat serve.err; fail "the server does not listen"; }
fetch() { curl -sS --max-time 10 "$@"; }
fetch "$address/" | grep 'Our news' >/dev/null || fail "no listing"
fetch "$address/?type=interview" | grep 'GSEF' >/dev/null || fail "no filter"
[ "$(fetch -o /dev/null -w '%{http_code}' "$address/items/none")" = 404 ] || fail "no 404"
[ "$(fetch -I "$address/" | grep -ci '^content-length: [1-9]')" = 1 ] || fail "HEAD has no length"
fetch "$address/items.json?type=news&place=cambodia" | jq -e '._warta.total >= 1 and .items[0].language == "en"' >/dev/null || fail "no feed"
[ "$(fetch -o /dev/null -w '%{http_code}' -X POST "$address/")" = 405 ] || fail "no 405"

# An import beside the running server is seen within a tenth of a second.
echo '[{"type": "news", "title": "Posted while serving", "date": "2030-01-01"}]' | "$warta" import --database t.db - >/dev/null
sleep 0.1
fetch "$address/" | grep 'Posted while serving' >/dev/null || fail "an import is not seen"

runs 1 serve --database t.db --listen "${address#http://}"; errs "in use"; one_line
kill -TERM "$server"
wait "$server" || fail "the server did not end with 0"
server=
grep -q "error" serve.err && { cat serve.err; fail "the server logged an error"; }

# Settings come from the environment and a file too; flags win.
printf 'site-title = From the file\nlisten = 127.0.0.1:1\n' >warta.conf
WARTA_SITE_TITLE="From the environment" WARTA_CONFIG=warta.conf runs 0 check --database t.db
says "From the environment"; says "127.0.0.1:1"; says "file warta.conf:2"; says "environment"; says "flag"

echo "$passed passed, 0 failed"
