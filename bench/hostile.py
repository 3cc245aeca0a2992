#!/usr/bin/env python3
"""What one post of text in which Unicode work is costly makes the server do: combining marks, jamo, scripts without spaces.

    bench/hostile.py [--quick] [--kib 600] [--rounds 5] [--json FILE]

Each text goes to each field that takes text, as anybody and as staff. The table has the CPU time that the server spends on the
long text beyond what it spends on a short one of the same kind; the figures have what that is beyond plain words of the same length,
which have to be received, decoded and shown again, too.
"""
import http.client
import shutil
import sys
import tempfile

import lib

BAR_MS = 50
PLAIN = "plain words"
# What comes first, what is repeated, and what is repeated instead in the second half.
PATTERNS = {
    PLAIN: ("", "words and ", None),
    "a high class, then a low one": ("a", "\u0301", "\u0316"),
    "two classes by turns": ("a", "\u0301\u0316", None),
    "classes descending": ("a", "\u0345\u0301\u0316\u0338", None),
    "marks that decompose": ("a", "\u0344", None),
    "Hangul vowels": ("\u1100", "\u1161", None),
    "jamo": ("", "\u1100\u1161\u11a8", None),
    "Chinese": ("", "\u5354\u540c\u7d44\u5408", None),
    "Thai": ("", "\u0e2a\u0e2b\u0e01\u0e23\u0e13\u0e4c", None),
    "Khmer": ("", "\u179f\u17a0\u1780\u179a\u178e\u17cd", None),
    "emoji": ("", "\U0001f468\u200d\U0001f469\u200d", None),
    "marks of direction": ("", "\u202e\u200f\u061c", None),
    "18 letters in one": ("", "\ufdfa", None),
}
ANYBODY = [("/admin/login", "username", {"password": "a wrong password"}), ("/admin/login", "password", {"username": "bench"})]
STAFF = [("/admin/slug", "title", {}), ("/admin/markdown", "body", {}), ("/admin/clean", "html", {}), ("/admin/types", "name", {}),
         ("/admin/users", "username", {}), ("/admin/account/password", "password", {})] + [
             ("/admin/items", field, {"action": "publish"})
             for field in ("title", "kicker", "summary", "body", "places", "event_venue", "lang", "slug", "aliases")]


def text_of(pattern, size):
    first, repeated, then = PATTERNS[pattern]
    if then is None:
        return first + repeated * (size // len(repeated.encode()))
    return first + (repeated + then)[0] * (size // 2 // len(repeated.encode())) + then * (size // 2 // len(then.encode()))


class Poster:
    """Posts forms, each from another network: wrong logins slow down those that follow from there. They slow down those with the
    same name, too, so each poster has a server of its own."""

    def __init__(self, bench, is_staff):
        database = shutil.copy(bench.items(100), tempfile.mkdtemp(dir=bench.folder))
        lib.add_staff(bench, database)
        self.posts = 0
        self.server = bench.warta(database, "--password-memory", "8")
        if is_staff:
            self.staff = lib.Staff(self.server.address)
        else:
            self.staff = lib.Staff.__new__(lib.Staff)
            self.staff.connection, self.staff.cookie = http.client.HTTPConnection(self.server.address, timeout=600), None
        self.staff.request("GET", "/admin/items/new" if is_staff else "/admin/login")
        self.csrf = lib.hidden(self.staff.body, "csrf")

    def cpu_ms(self, target, field, more, text):
        body, kind = lib.multipart({"csrf": self.csrf, **more, field: text})
        self.posts += 1
        headers = {"Cookie": self.staff.cookie, "Content-Type": kind,
                   "X-Forwarded-For": f"10.{self.posts // 250}.{self.posts % 250}.1"}
        before = self.server.cpu_us()
        self.staff.connection.request("POST", target, body, headers)
        response = self.staff.connection.getresponse()
        response.read()
        if response.status not in (200, 303, 409, 422):
            sys.exit(f"{target} {field} answered {response.status}")
        return (self.server.cpu_us() - before) / 1000


def measure(bench, poster, size, form, pattern):
    """The CPU time that the long text adds to a short one's."""
    target, field, more = form
    poster.cpu_ms(target, field, more, text_of(pattern, 1000))
    short = lib.median(poster.cpu_ms(target, field, more, text_of(pattern, 30)) for _ in range(bench.rounds))
    long = lib.median(poster.cpu_ms(target, field, more, text_of(pattern, size)) for _ in range(bench.rounds))
    return max(0.0, long - short)


def main():
    with lib.Bench("hostile", __doc__, {"--kib": 600}) as bench:
        rows, worst = [], {True: 0.0, False: 0.0}
        for is_staff, forms in ((False, ANYBODY), (True, STAFF)):
            kib = bench.options.kib // 2 if is_staff else bench.options.kib  # a login may carry a form, and so be longer
            for form in forms:
                cost = {}
                poster = Poster(bench, is_staff)
                for pattern in PATTERNS:
                    if not is_staff and cost:
                        poster.server.stop()
                        poster = Poster(bench, is_staff)
                    cost[pattern] = measure(bench, poster, kib * 1024, form, pattern)
                poster.server.stop()
                hostile = {pattern: ms for pattern, ms in cost.items() if pattern != PLAIN}
                name = max(hostile, key=hostile.get)
                worst[is_staff] = max(worst[is_staff], hostile[name] - cost[PLAIN])
                rows.append([f"{kib} KiB to {form[0]} {form[1]}", cost[PLAIN], hostile[name], name])
        print()
        lib.table(["text", "plain, ms of CPU", "the worst", "which is"], rows)
        bench.details = {"ms": rows}
        bench.figure("hostile_anybody", "CPU of a hostile text from anybody beyond a plain one, at most", worst[False], "ms", BAR_MS)
        bench.figure("hostile_staff", "CPU of a hostile text from staff beyond a plain one, at most", worst[True], "ms", BAR_MS)


if __name__ == "__main__":
    main()
