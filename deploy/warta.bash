# bash completion for warta: verbs, flags, choices and arguments, as the --help of the program that is typed tells them.

_warta() {
    local program=${COMP_WORDS[0]/#\~\//$HOME/} current=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}
    local help takes arguments
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _warta_words "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')"
        return
    fi
    # --flag=value is three words to bash, or two while nothing stands behind the "=".
    [[ $current == = ]] && current=
    [[ $flag == = ]] && flag=${COMP_WORDS[COMP_CWORD - 2]}
    help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null)
    takes=
    [[ $flag == --* ]] && takes=$(sed -n "s/^  $flag \([^ ]\+\).*/\1/p" <<<"$help")
    if [[ -n $takes ]]; then
        _warta_value "$takes"
    elif [[ $current == -* ]]; then
        _warta_words "$(sed -n 's/^  \(--[a-z-]*\).*/\1/p' <<<"$help")"
    else
        arguments=$(sed -n '1,/^$/d; s/^usage: warta [^ ]* *\(\[flags\]\)\? *//p' <<<"$help")
        arguments=${arguments//[|\[\]]/ }
        _warta_argument $arguments
    fi
}

_warta_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}

# What stands for a value in --help: a path, one of some words, or anything.
_warta_value() {
    case $1 in
    FILE) mapfile -t COMPREPLY < <(compgen -f -- "$current") && compopt -o filenames 2>/dev/null ;;
    DIR) mapfile -t COMPREPLY < <(compgen -d -- "$current") && compopt -o filenames 2>/dev/null ;;
    [a-z]*) _warta_words "${1//|/ }" ;;
    esac
}

# What may stand for an argument: words of the usage line, unless one of them is there already, and paths.
_warta_argument() {
    local name typed words=
    for name in "$@"; do
        [[ $name == [a-z]* ]] && words+=" $name"
    done
    for typed in "${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
        [[ " $words " == *" $typed "* ]] && words=
    done
    for name in "$@"; do
        [[ $name == FILE || $name == DIR ]] && _warta_value "$name"
    done
    [[ -z $words ]] || _warta_words "$words"
}

complete -F _warta warta
