#!/usr/bin/env python3
"""What the tree must keep to: includes point downwards, libraries stay in their room, functions and files stay small.

    includes.py [ROOT]      prints what is wrong and where; 1 if anything is
    includes.py --self-test proves on made-up trees that each rule can fail
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# A room may include itself and the rooms on lines below its own.
FLOORS = [["commands"], ["server"], ["app"], ["pages"], ["newsroom"], ["store", "http", "view"], ["base"]]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ONLY_IN = {"microhttpd.h": "server", "sqlite3.h": "store"}
# ICU's work on text can grow faster than the text, and strangers choose the text: only the module that bounds it may call ICU.
# Anybody may ask for the properties of one character.
ICU_OF_TEXT = re.compile(r"unicode/(?!(uchar|utf8)\.h$)")
ICU_CALLERS = re.compile(r"src/base/text(_\w+)?\.[ch]$")
FUNCTION_LINES = 60
FILE_LINES = 600
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def sources(root):
    for folder in ("src", "include"):
        yield from sorted(path for path in (root / folder).rglob("*.[ch]"))


def room_of(root, path):
    """The room of a file, or None for src/main.c, which stands above all rooms."""
    parts = path.relative_to(root).parts
    rooms = parts[2:-1] if parts[0] == "include" else parts[1:-1]
    return rooms[0] if rooms else None


def includes(path):
    """Line number, bracket and name of each include."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


def target_of(root, path, bracket, name):
    """The file of the tree that an include means, or None for a library's."""
    if name.startswith("warta/"):
        return root / "include" / name
    return path.parent / name if bracket == '"' else None


def may_include(room, target):
    return room is None or room == target or FLOOR_OF[target] > FLOOR_OF[room]


def check_include(root, path, bracket, name):
    room = room_of(root, path)
    if name in ONLY_IN and (ONLY_IN[name] != room or path.relative_to(root).parts[0] != "src"):
        return f"{name} may be included in src/{ONLY_IN[name]}/ only"
    if ICU_OF_TEXT.match(name) and not ICU_CALLERS.match(path.relative_to(root).as_posix()):
        return f"{name} may be included in src/base/text*.c only: text.h bounds what ICU is given"
    target = target_of(root, path, bracket, name)
    if target is None:
        return None
    if "include" not in target.relative_to(root).parts and target.parent != path.parent or ".." in name:
        return f"{name} is neither a header of include/warta/ nor one beside the file"
    target_room = room_of(root, target)
    if target_room not in FLOOR_OF:
        return f"{name} is in no known room"
    if not may_include(room, target_room):
        return f"{room} may not include {target_room} ({name})"
    return None


def include_problems(root):
    for path in sources(root):
        room = room_of(root, path)
        if room is not None and room not in FLOOR_OF:
            yield f"{path.relative_to(root)}:1: {room} is no known room"
            continue
        for number, bracket, name in includes(path):
            if problem := check_include(root, path, bracket, name):
                yield f"{path.relative_to(root)}:{number}: {problem}"


def circle_problems(root):
    graph = {}
    for path in sources(root):
        targets = (target_of(root, path, bracket, name) for _, bracket, name in includes(path))
        graph[path] = [target for target in targets if target]
    done = set()

    def visit(path, trail):
        if path in trail:
            circle = trail[trail.index(path):] + [path]
            names = " -> ".join(str(step.relative_to(root)) for step in circle)
            yield f"{circle[0].relative_to(root)}:1: includes go in a circle: {names}"
        elif path not in done:
            for target in graph.get(path, []):
                yield from visit(target, trail + [path])
            done.add(path)

    for path in graph:
        yield from visit(path, [])


def file_problems(root):
    for path in sources(root):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > FILE_LINES:
            yield f"{path.relative_to(root)}:{FILE_LINES}: the file has {count} lines, more than {FILE_LINES}"


def function_problems(root):
    files = [str(path) for path in sources(root) if path.suffix == ".c"]
    if not files:
        return
    command = ["ctags", "--output-format=json", "--languages=C", "--kinds-C=f", "--fields=+ne", "-f", "-", *files]
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        tag = json.loads(line)
        count = tag.get("end", tag["line"]) - tag["line"] + 1
        if count > FUNCTION_LINES:
            where = f"{Path(tag['path']).relative_to(root)}:{tag['line']}"
            yield f"{where}: {tag['name']}() has {count} lines, more than {FUNCTION_LINES}"


def problems(root):
    for rule in (include_problems, circle_problems, file_problems, function_problems):
        yield from rule(root)


def long_function(lines):
    return "int f(void)\n{\n" + "    g();\n" * (lines - 3) + "}\n"


# Files of a tree, and what must be said of it; None: nothing.
CASES = [
    ({"src/pages/a.c": '#include "warta/store/store.h"\n#include <jansson.h>\n', "include/warta/store/store.h": ""}, None),
    ({"src/view/a.c": '#include "a_private.h"\n', "src/view/a_private.h": '#include "warta/base/buf.h"\n'}, None),
    ({"src/store/a.c": '#include "warta/store/sql.h"\n'}, None),
    ({"src/main.c": '#include "warta/commands/a.h"\n', "include/warta/commands/a.h": ""}, None),
    ({"src/server/a.c": "#include <microhttpd.h>\n", "src/store/b.c": "#include <sqlite3.h>\n"}, None),
    ({"src/base/a.c": long_function(60), "include/warta/base/b.h": "\n" * 600}, None),
    ({"src/base/a.c": '\n#include "warta/http/url.h"\n'}, "src/base/a.c:2: base may not include http"),
    ({"include/warta/app/a.h": '#include "warta/server/b.h"\n'}, "include/warta/app/a.h:1: app may not include server"),
    ({"src/pages/a.c": '# include  "warta/app/app.h"\n'}, "src/pages/a.c:1: pages may not include app"),
    ({"src/view/a.c": '#include <warta/http/url.h>\n'}, "src/view/a.c:1: view may not include http"),
    ({"src/store/a.c": '#include "warta/view/view.h"\n'}, "store may not include view"),
    ({"src/http/a.c": '#include "warta/store/store.h"\n'}, "http may not include store"),
    ({"src/newsroom/a.c": '#include "warta/pages/page.h"\n'}, "newsroom may not include pages"),
    ({"src/server/a.c": '#include "warta/commands/b.h"\n'}, "server may not include commands"),
    ({"src/pages/a.c": '#include "../view/hidden.h"\n'}, "neither a header of include/warta/ nor one beside the file"),
    ({"src/pages/a.c": '#include "warta/oddities/a.h"\n'}, "is in no known room"),
    ({"src/oddities/a.c": ""}, "src/oddities/a.c:1: oddities is no known room"),
    ({"src/app/a.c": "#include <microhttpd.h>\n"}, "src/app/a.c:1: microhttpd.h may be included in src/server/ only"),
    ({"include/warta/server/a.h": "#include <microhttpd.h>\n"}, "microhttpd.h may be included in src/server/ only"),
    ({"src/newsroom/a.c": "#include <sqlite3.h>\n"}, "sqlite3.h may be included in src/store/ only"),
    ({"include/warta/store/a.h": '#include "sqlite3.h"\n'}, "sqlite3.h may be included in src/store/ only"),
    ({"src/main.c": "#include <sqlite3.h>\n"}, "sqlite3.h may be included in src/store/ only"),
    ({"include/warta/base/a.h": '#include "warta/base/b.h"\n', "include/warta/base/b.h": '#include "warta/base/c.h"\n',
      "include/warta/base/c.h": '#include "warta/base/a.h"\n'}, "includes go in a circle: include/warta/base/a.h -> "),
    ({"src/view/a.h": '#include "b.h"\n', "src/view/b.h": '#include "a.h"\n'}, "includes go in a circle"),
    ({"src/base/text_slug.c": "#include <unicode/utrans.h>\n", "src/base/text_private.h": "#include <unicode/ucol.h>\n",
      "src/base/text.c": "#include <unicode/unorm2.h>\n", "src/view/a.c": "#include <unicode/utf8.h>\n",
      "src/http/a.c": "#include <unicode/uchar.h>\n"}, None),
    ({"src/newsroom/a.c": "#include <unicode/ubrk.h>\n"}, "src/newsroom/a.c:1: unicode/ubrk.h may be included in src/base/text*.c"),
    ({"src/base/a.c": "#include <unicode/unorm2.h>\n"}, "unicode/unorm2.h may be included in src/base/text*.c only"),
    ({"src/view/text_a.c": '#include "unicode/ustring.h"\n'}, "unicode/ustring.h may be included in src/base/text*.c only"),
    ({"include/warta/base/text.h": "#include <unicode/utypes.h>\n"}, "unicode/utypes.h may be included in src/base/text*.c only"),
    ({"src/base/a.c": "\n" + long_function(61)}, "src/base/a.c:2: f() has 61 lines"),
    ({"src/base/a.c": "\n" * 601}, "the file has 601 lines"),
    ({"include/warta/base/a.h": "\n" * 601}, "include/warta/base/a.h:600: the file has 601 lines"),
]


def said_of(files):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(problems(root))


def self_test():
    failures = 0
    for files, expected in CASES:
        said = said_of(files)
        right = not said if expected is None else len(said) == 1 and expected in said[0]
        if not right:
            failures += 1
            print(f"{list(files)}: expected {expected or 'nothing'}, got {said}")
    print(f"{len(CASES) - failures} passed, {failures} failed")
    return failures


def main(arguments):
    if arguments == ["--self-test"]:
        return 1 if self_test() else 0
    root = Path(arguments[0] if arguments else Path(__file__).resolve().parent.parent)
    found = list(problems(root))
    print("\n".join(found) or "includes, functions and files are as they should be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
