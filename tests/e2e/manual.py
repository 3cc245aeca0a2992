#!/usr/bin/env python3
"""The manual page: mandoc and groff find nothing wrong with it, and it tells the verbs, flags, values, words and defaults that
--help does, no more and no less."""
import os
import re
import subprocess
import sys
from pathlib import Path

WARTA = os.environ["WARTA"]
PAGE = Path(WARTA).with_name("warta.1")


def output(*command):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WARTA")}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def words(text):
    return " ".join(text.split())


def helped():
    """Each verb with its lines of help: what stands there in words, and the label of each flag with the words behind it."""
    for verb in re.findall(r"^  ([a-z][a-z-]*) ", output(WARTA, "--help"), re.MULTILINE):
        text = output(WARTA, verb, "--help")
        head = text.split("\nFlags:\n")[0].split("\nSettings,")[0].split("\n\n")
        flags = re.findall(r"^  (--[a-z-]+(?: \S+)?)((?:\n? {2,}(?!--).*)+)$", text, re.MULTILINE)
        yield verb, head, [(label, words(meaning)) for label, meaning in flags]


def problems():
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True, text=True, check=False)
    yield from (lint.stdout + lint.stderr).splitlines()
    groff = subprocess.run(["groff", "-mandoc", "-ww", "-z", "-Kutf8", PAGE], capture_output=True, text=True, check=False)
    yield from (groff.stdout + groff.stderr).splitlines()
    page = output("mandoc", "-T", "ascii", "-O", "width=1000", PAGE)
    page = re.sub(r".\x08", "", page)
    flat = words(page)
    told = set(re.findall(r"^ +(--[a-z-]+)", page, re.MULTILINE))
    known = set()
    for verb, head, flags in helped():
        summary, usage, *details = head
        usage = words(usage).removeprefix("usage: warta ")
        summary = summary.split(": ", 1)[1]
        expected = words(f"{usage} {summary[0].upper()}{summary[1:]}. {' '.join(details)}")
        if expected not in flat:
            yield f"{verb}: the page does not say: {expected}"
        for label, meaning in flags:
            known.add(label.split()[0])
            if f" {label} {meaning}" not in flat:
                yield f"{verb}: the page does not say: {label} {meaning}"
    if len(known) < 10:
        yield f"only {len(known)} flags were found in --help"
    yield from (f"the page has {flag}, which --help does not" for flag in sorted(told - known))


def main():
    found = list(problems())
    print("\n".join(found) or "the page is as --help tells")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
