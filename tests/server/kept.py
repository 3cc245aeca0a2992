"""Finished pages on the wire: what a client that keeps pages, or takes them compressed, is sent, and how soon a change shows.

    WARTA=build/warta python3 tests/server/kept.py
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

sys.dont_write_bytecode = True
from wire import PATIENCE_S, WARTA, Client, Report, Server, check, get

GZIP = 16 + zlib.MAX_WBITS
TARGETS = (b"/", b"/items.json", b"/?type=news")


def ask(address, target=b"/", head=b"", method=b"GET"):
    with Client(address) as client:
        client.send(get(head, target, method=method))
        return client.response(head=method == b"HEAD")


def import_items(server, items):
    done = subprocess.run([WARTA, "import", "--database", os.path.join(server.folder, "t.db"), "-"], input=json.dumps(items),
                          text=True, capture_output=True, timeout=PATIENCE_S, env=environment())
    check(done.returncode == 0, done.stderr)


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("WARTA")}


def compressed(server):
    """As asked for the first time, from what all share, and from what is ready to be sent."""
    for target in TARGETS:
        for _ in range(4):
            status, fields, plain = ask(server.address, target)
            check(status == 200 and "content-encoding" not in fields, "not as it is")
            _, fields, body = ask(server.address, target, b"Accept-Encoding: deflate, gzip\r\n")
            check(fields["content-encoding"] == "gzip" and zlib.decompress(body, GZIP) == plain, "not by gzip")
            _, fields, body = ask(server.address, target, b"Accept-Encoding: gzip, br\r\n")
            check(fields["content-encoding"] == "br" and len(body) < len(plain) / 2, "not by br")
            check(fields["vary"] == "Accept-Encoding", "without Vary")
    status, _, _ = ask(server.address, b"/", b"Accept-Encoding: identity;q=0\r\n")
    check(status == 200, f"answered {status} where no coding is taken")


def brotli_is_what_clients_read(server):
    host, port = server.address
    for target in TARGETS:
        done = subprocess.run(["curl", "-s", "--compressed", "-H", "Accept-Encoding: br", f"http://{host}:{port}{target.decode()}"],
                              capture_output=True, timeout=PATIENCE_S)
        check(done.returncode == 0 and done.stdout == ask(server.address, target)[2], "another text")


def unchanged(server):
    for coding in (b"identity", b"gzip", b"br"):
        accept = b"Accept-Encoding: " + coding + b"\r\n"
        _, fields, body = ask(server.address, b"/", accept)
        for _ in range(3):
            for name in (b"If-None-Match: ", b"If-None-Match: \"x\", W/"):
                status, again, _ = ask(server.address, b"/", accept + name + fields["etag"].encode() + b"\r\n")
                check(status == 304, f"answered {status}")
                check(again["etag"] == fields["etag"] and again["cache-control"] == fields["cache-control"], "other headers")
                check(again["content-length"] == str(len(body)), "another length than the page's")
        for other in (b"identity", b"gzip", b"br"):
            status, _, _ = ask(server.address, b"/", b"Accept-Encoding: " + other + b"\r\nIf-None-Match: " +
                               fields["etag"].encode() + b"\r\n")
            check(status == (304 if other == coding else 200), "one form's tag stands for another")


def unchanged_since(server):
    """Only a page made in a later second than the change has a date."""
    import_items(server, [{"type": "news", "title": "Dated"}])
    while b"Dated" not in ask(server.address)[2]:
        pass
    time.sleep(1.1)
    _, fields, _ = ask(server.address, b"/items/dated")
    check("last-modified" in fields, "no Last-Modified")
    for since, expected in ((fields["last-modified"].encode(), 304), (b"Sun, 06 Nov 1994 08:49:37 GMT", 200)):
        status, _, _ = ask(server.address, b"/items/dated", b"If-Modified-Since: " + since + b"\r\n")
        check(status == expected, f"answered {status}, not {expected}")


def dated_when_sent(server):
    """Not when it was made."""
    dates = set()
    for _ in range(2):
        for _ in range(3):
            dates.add(ask(server.address)[1]["date"])
        time.sleep(1.1)
    check(len(dates) > 1, f"dated {dates}")


def mixed_on_one_connection(server):
    _, fields, _ = ask(server.address)
    known = b"If-None-Match: " + fields["etag"].encode() + b"\r\n"
    with Client(server.address) as client:
        client.send((get() + get(known) + get(target=b"/nothing-here") + get(b"Accept-Encoding: gzip\r\n")) * 20)
        statuses = [client.response()[0] for _ in range(80)]
        check(statuses == [200, 304, 404, 200] * 20, f"answered {statuses}")


def addresses_that_mean_the_same(server):
    _, fields, body = ask(server.address, b"/?type=news&type=project&year=2019")
    for target in (b"/?year=2019&type=project&type=news", b"/?type=project&utm_source=x&type=news&type=news&year=2019&lang="):
        _, again, same = ask(server.address, target)
        check(again["etag"] == fields["etag"] and same == body, "another page")


def another_process_commits(server):
    """Its change shows by itself, in every form."""
    for target in TARGETS:
        ask(server.address, target), ask(server.address, target)
    import_items(server, [{"type": "news", "title": "Brought in meanwhile"}])
    until = time.monotonic() + PATIENCE_S
    for target in TARGETS:
        while b"Brought in meanwhile" not in ask(server.address, target)[2]:
            check(time.monotonic() < until, f"{target} does not show it")


def a_scheduled_item_appears(server):
    soon = time.gmtime(time.time() + 2)
    import_items(server, [{"type": "news", "title": "It is time", "publish_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", soon)}])
    until = time.monotonic() + PATIENCE_S
    while b"It is time" not in ask(server.address)[2]:
        check(time.monotonic() < until, "it does not appear")
        time.sleep(0.05)
    check(time.time() >= time.mktime(soon) - time.timezone - 1, "it appears too early")


class Editor:
    """Somebody who is logged in, with no browser."""

    def __init__(self, server):
        self.server = server
        database = os.path.join(server.folder, "t.db")
        done = subprocess.run([WARTA, "user", "add", "sokha", "--role", "editor", "--password-stdin", "--database", database],
                              input="correct horse battery\n", text=True, capture_output=True, timeout=PATIENCE_S,
                              env=environment())
        check(done.returncode == 0, done.stderr)
        _, fields, page = ask(server.address, b"/admin/login")
        self.keep(fields, page)
        status, fields, _ = self.post(b"/admin/login", b"username=sokha&password=correct+horse+battery")
        check(status == 303, f"login answered {status}")
        self.keep(fields, b"")
        self.open(b"/admin/items/new")

    def keep(self, fields, page):
        if "set-cookie" in fields:
            self.cookie = b"Cookie: " + fields["set-cookie"].split(";")[0].encode() + b"\r\n"
        for name in (b"csrf", b"request_id"):
            found = re.search(b'name="' + name + b'" value="([^"]*)"', page)
            if found:
                setattr(self, name.decode(), found[1])

    def open(self, target):
        status, fields, page = ask(self.server.address, target, self.cookie)
        check(status == 200, f"{target} answered {status}")
        self.keep(fields, page)

    def post(self, target, form):
        form += b"&csrf=" + self.csrf
        head = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n" % len(form)
        with Client(self.server.address) as client:
            client.send(get(self.cookie + head, target, method=b"POST") + form)
            return client.response()

    def publish(self, title):
        self.open(b"/admin/items/new")
        status, _, page = self.post(b"/admin/items", b"action=publish&type=news&lang=en&title=" + title + b"&request_id=" +
                                    self.request_id)
        check(status == 303, f"posting answered {status}")


def who_posts_sees_it_at_once(server):
    """By the very next request, whichever event loop has it."""
    editor = Editor(server)
    for number in range(10):
        for target in TARGETS:
            ask(server.address, target), ask(server.address, target)
        title = b"Posted-%d-now" % number
        editor.publish(title)
        for target in TARGETS:
            check(title in ask(server.address, target)[2], f"{target} does not show {title}")


def staff_is_never_kept(server):
    for target in (b"/admin", b"/admin/login", b"/admin/setup?token=x", b"/preview/x"):
        for _ in range(3):
            status, fields, _ = ask(server.address, target)
            check(fields["cache-control"] == "no-store" and "etag" not in fields, f"{target}: {fields}")


def main():
    report = Report()
    folder = tempfile.mkdtemp(prefix="kept")
    try:
        for threads in ("1", "3"):
            os.makedirs(os.path.join(folder, threads))
            server = Server(os.path.join(folder, threads), "127.0.0.1:0", "--threads", threads)
            server.folder = os.path.join(folder, threads)
            try:
                import_items(server, [{"type": "news", "title": f"Item {i}", "summary": "Words of it. " * 9, "date": "2019-08-30"}
                                      for i in range(30)])
                for scene in (compressed, brotli_is_what_clients_read, unchanged, mixed_on_one_connection,
                              addresses_that_mean_the_same, another_process_commits, a_scheduled_item_appears,
                              unchanged_since, dated_when_sent, who_posts_sees_it_at_once, staff_is_never_kept):
                    report.run(f"{scene.__name__}, threads: {threads}", scene, server)
            finally:
                server.kill()
    finally:
        shutil.rmtree(folder)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
