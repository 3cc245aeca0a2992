#!/usr/bin/env bash
# Completion in bash: exactly the verbs and flags that --help prints, the words a value or an argument may be, and paths.
set -euo pipefail

warta=${WARTA:?the program to test}
source_dir=${WARTA_SOURCE_DIR:?the root of the project}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for name in $(compgen -v WARTA_); do unset "$name"; done
mkdir paths
cd paths
mkdir folder
touch "a file.json" other.json

set +e +u
source "$source_dir/deploy/warta.bash"
set -e
[ "$(complete -p warta)" = "complete -F _warta warta" ] || { echo "FAILED: warta has no completion"; exit 1; }

passed=0
# offers LINE WORDS...: what is offered behind the words of a line, which bash has split; "" is nothing typed yet.
offered() {
    COMP_WORDS=("$warta" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _warta 2>../errors
    [ ! -s ../errors ] || { cat ../errors; echo "FAILED: completing \"$*\" prints errors"; exit 1; }
    ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}" | sort
}
same() {
    local expected=$1 got
    shift
    got=$(offered "$@")
    [ "$got" = "$expected" ] || { printf 'FAILED: behind "%s" bash offers:\n%s\nnot:\n%s\n' "$*" "$got" "$expected"; exit 1; }
    passed=$((passed + 1))
}
lines() { printf '%s\n' "$@" | sort; }

verbs=$("$warta" --help | grep -oP '^  \K[a-z]+(?= )' | sort)
[ "$(wc -w <<<"$verbs")" -ge 6 ] || { echo "FAILED: --help names few verbs"; exit 1; }
same "$verbs" ""
same "serve" s
same "" nothing-like-it
for verb in $verbs; do
    flags=$("$warta" "$verb" --help | grep -oP '^  \K--[a-z-]+' | sort) || true
    same "$flags" "$verb" --
done

same "$(lines --database)" serve --da
same "$(lines --log-clients --log-format --log-level --log-slow)" check --threads 2 --log-
same "$(lines debug error info warn)" serve --log-level ""
same "$(lines text)" serve --log-format t
same "$(lines json)" serve --log-format = j
same "$(lines json text)" serve --log-format =
same "$(lines admin editor)" user add Ana --role ""
same "$(lines "a file.json" folder other.json)" serve --database ""
same "$(lines "a file.json")" import "a"
same "$(lines "a file.json" folder other.json)" import --dry-run ""
same "$(lines add disable enable list passwd)" user ""
same "$(lines add)" user --role admin a
same "" user add ""
same "" serve ""
same "" serve --site-title ""
same "" no-such-verb --

echo "$passed passed"
