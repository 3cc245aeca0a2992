# Fills a template with what the program's --help tells, so that nothing beside the program can go stale.
#
#   manual.awk WARTA=build/dev/warta FORM=mdoc docs/warta.1.in     @VERBS@ and @SETTINGS@ as lists of the manual page
#   manual.awk WARTA=build/dev/warta FORM=conf deploy/warta.conf.in     @SETTINGS@ as comments, but for those that it sets
#
# Help stands at fixed places: flags behind two spaces, their words further right, headings at the margin.

function quoted(words)
{
    gsub(/\\/, "\\e", words)
    gsub(/"/, "\\(dq", words)
    return "\"" words "\""
}

# Each sentence on a line of its own, none of them taken for a macro.
function sentence(words)
{
    gsub(/\\/, "\\e", words)
    gsub(/\. /, ".\n", words)
    return words ~ /^[.\047]/ ? "\\&" words : words
}

function print_flag(name, value, words)
{
    if (FORM == "conf")
        return name in set || name == "config" ? "" : comment(words " " choices(value)) "#" name " = " fallback(words) "\n\n"
    value = value ~ /^[a-z]/ ? " Cm " quoted(value) : value == "" ? "" : " Ar " value
    return ".It Fl -" name value "\n" sentence(words) "\n"
}

function fallback(words)
{
    return match(words, / \(default: .*\)$/) ? substr(words, RSTART + 11, RLENGTH - 12) : ""
}

function choices(value)
{
    gsub(/\|/, ", ", value)
    return value ~ /^[a-z]/ ? "(" value ")" : ""
}

function comment(words,    out, line, list, i, len)
{
    sub(/ \(default: .*\)/, "", words)
    len = split(words, list, " ")
    line = "#"
    for (i = 1; i <= len; i++) {
        if (length(line " " list[i]) > 80) {
            out = out line "\n"
            line = "#"
        }
        line = line " " list[i]
    }
    return out line "\n"
}

# Reads the help of one verb into summary, usage, details, flags and settings.
function read_help(verb,    command, line, heading, name, value, words, len)
{
    summary = usage = details = flags = settings = heading = name = ""
    command = WARTA " " verb " --help"
    while ((command | getline line) > 0) {
        if (match(line, /^  --[a-z-]+( [^ ]+)?/)) {
            len = RLENGTH
            take_flag(heading, name, value, words)
            name = substr(line, 5, len - 4)
            words = substr(line, len + 1)
            value = name ~ / / ? substr(name, index(name, " ") + 1) : ""
            sub(/ .*/, "", name)
            sub(/^ +/, "", words)
        } else if (line ~ /^ / && name != "") {
            sub(/^ +/, "", line)
            words = words (words == "" ? "" : " ") line
        } else {
            take_flag(heading, name, value, words)
            name = ""
            if (line ~ /^[a-z]+: / && summary == "")
                summary = substr(line, index(line, ": ") + 2)
            else if (line ~ /^usage: /)
                usage = substr(line, length("usage: warta " verb " ") + 1)
            else if (line ~ /^(Flags:|Settings, )/)
                heading = line
            else if (heading == "" && line != "")
                details = details (details == "" ? "" : " ") line
        }
    }
    take_flag(heading, name, value, words)
    if (close(command) != 0 || usage == "" && summary == "") {
        print "manual.awk: " command " tells nothing" >"/dev/stderr"
        exit failed = 1
    }
}

function take_flag(heading, name, value, words)
{
    if (name != "" && heading ~ /^Flags/)
        flags = flags print_flag(name, value, words)
    else if (name != "")
        settings = settings print_flag(name, value, words)
}

function print_verb(verb)
{
    read_help(verb)
    print ".It Cm " verb (usage == "" ? "" : " Ar " quoted(usage))
    print toupper(substr(summary, 1, 1)) substr(summary, 2) "."
    if (details != "")
        print sentence(details)
    if (flags != "")
        printf ".Bl -tag -width Ds\n%s.El\n", flags
}

/^@VERBS@$/ {
    command = WARTA " --help"
    while ((command | getline line) > 0)
        if (match(line, /^  [a-z][a-z-]* /))
            print_verb(substr(line, 3, RLENGTH - 3))
    close(command)
    next
}

/^@SETTINGS@$/ {
    read_help("serve")
    printf "%s", settings
    next
}

FORM == "conf" && /^#?[a-z-]+ = / {
    name = $1
    sub(/^#/, "", name)
    set[name]
}

{ print }

END { exit failed }
