#!/usr/bin/env python3
"""The units in deploy/: valid, hardened to 1.5 or better by systemd's own measure, and with all the calls that the server's
sandbox lets through.
"""
import os
import re
import subprocess
import tempfile
from pathlib import Path

WARTA = os.environ["WARTA"]
SOURCE = Path(os.environ["WARTA_SOURCE_DIR"])
LEAST = 1.5
# Root's only, and the service is not root; fchown is what SQLite then does without.
NOT_IN_THE_UNIT = {"fchown"}
passed = 0


def check(ok, words):
    global passed
    passed += 1
    if not ok:
        raise SystemExit(f"FAILED: {words}")


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, env={**os.environ, "SYSTEMD_PAGER": "", "LC_ALL": "C.UTF-8"})


def units(folder):
    """Copies that name this executable, in a folder of their own."""
    for unit in sorted([*(SOURCE / "deploy").glob("*.service"), *(SOURCE / "deploy").glob("*.socket")]):
        copy = Path(folder) / unit.name
        text = unit.read_text(encoding="utf-8").replace("/usr/bin/warta", WARTA)
        copy.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
        yield copy


def group(name):
    """The calls of a group such as @system-service, those of groups within it too."""
    for line in run("systemd-analyze", "syscall-filter", name).stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            yield from group(word)
        elif word and not word.startswith("#"):
            yield word


def allowed_calls(unit):
    allowed = set()
    for words in re.findall(r"^SystemCallFilter=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE):
        denies = words.startswith("~")
        for word in words.lstrip("~").split():
            calls = set(group(word)) if word.startswith("@") else {word}
            check(calls, f"{word} is no group of calls")
            allowed = allowed - calls if denies else allowed | calls
    return allowed


with tempfile.TemporaryDirectory() as folder:
    copies = list(units(folder))
    check({copy.name for copy in copies} >= {"warta.service", "warta.socket"}, "a unit is missing")
    verified = run("systemd-analyze", "verify", *map(str, copies))
    complaints = [line for line in verified.stderr.splitlines() if "warta" in line]
    check(not complaints, complaints)
    for copy in copies:
        if copy.suffix == ".service":
            score = run("systemd-analyze", "security", "--offline=yes", str(copy))
            level = re.search(r"exposure level for \S+: ([0-9.]+)", score.stdout)
            check(level and float(level[1]) <= LEAST, f"{copy.name}: {score.stdout[-300:]}{score.stderr}")

unit = SOURCE / "deploy" / "warta.service"
# Else systemd gives up a service, and its socket, that fails to start five times in ten seconds, as on a mistyped setting.
head, body = unit.read_text(encoding="utf-8").split("[Service]")
check("Restart=always\n" in body and "StartLimitIntervalSec=0\n" in head, "warta.service is not started again for ever")
sandbox = (SOURCE / "src" / "base" / "sandbox_calls.c").read_text(encoding="utf-8")
calls = set(re.findall(r"SCMP_SYS\((\w+)\)", sandbox))
check(len(calls) > 80, "the sandbox's calls are not to be read")
missing = calls - allowed_calls(unit) - NOT_IN_THE_UNIT
check(not missing, f"warta.service denies what the server calls: {sorted(missing)}")
print(f"{passed} passed, 0 failed")
