"""The log of requests: a line for every answer, whoever gave it, whole and in both formats.

    WARTA=build/warta python3 tests/server/told.py
"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
from wire import PATIENCE_S, WARTA, Client, Report, Server, check, get

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WARTA")}
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?P<level>\w+) (?P<request>[0-9a-f]{8}-[0-9a-f]{8}) "
                  r"(?P<method>\S+) (?P<target>\"(?:[^\"\\]|\\.)*\"|\S+) status=(?P<status>\d{3}) route=(?P<route>\S+) "
                  r"bytes=(?P<bytes>\d+) ms=(?P<ms>\d+\.\d{3}) page_ms=(?P<page_ms>\d+\.\d{3}) client=(?P<client>\S+) "
                  r"cache=(?P<cache>hit|miss|-)( reason=\"(?P<reason>[^\"]+)\")?")


class Told:
    """A server with a log of its own, and a file of settings."""

    def __init__(self, *flags, settings=""):
        self.folder = tempfile.mkdtemp(prefix="told")
        self.database = os.path.join(self.folder, "t.db")
        items = [{"type": "news", "title": f"Item {i}", "date": "2019-08-30"} for i in range(30)]
        subprocess.run([WARTA, "import", "--database", self.database, "--log-level", "error", "-"], input=json.dumps(items), text=True,
                       check=True, timeout=PATIENCE_S, env=ENVIRONMENT, capture_output=True)
        self.settings = os.path.join(self.folder, "warta.conf")
        with open(self.settings, "w", encoding="utf-8") as file:
            file.write(settings)
        self.server = Server(self.folder, "127.0.0.1:0", "--config", self.settings, *flags)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.kill()
        shutil.rmtree(self.folder)

    def ask(self, target=b"/", head=b"", method=b"GET"):
        with Client(self.server.address) as client:
            client.send(get(head, target, method=method))
            return client.response(head=method == b"HEAD")

    def sqlite(self):
        return sqlite3.connect(self.database, timeout=PATIENCE_S, isolation_level=None)

    def all(self):
        with open(os.path.join(self.folder, "errors"), encoding="utf-8") as log:
            return log.read().splitlines()

    def requests(self):
        return [match for match in map(LINE.fullmatch, self.all()) if match]

    def stopped(self):
        """The lines of requests, once a clean stop has written the last of them."""
        check(self.server.stop() == 0, "did not exit with 0")
        return self.requests()


def one(lines, **fields):
    found = [line for line in lines if all(line[name] == value for name, value in fields.items())]
    check(len(found) == 1, f"{len(found)} lines with {fields}: {[line[0] for line in lines]}")
    return found[0]


def every_answer_has_its_line():
    with Told("--threads", "1") as told:
        sizes = [len(told.ask()[2]) for _ in range(3)]
        told.ask(b"/?type=news", method=b"HEAD")
        tag = told.ask()[1]["etag"].encode()
        check(told.ask(head=b"If-None-Match: " + tag + b"\r\n")[0] == 304, "no 304")
        told.ask(b"/", b"Accept-Encoding: identity;q=0\r\n")
        told.ask(b"/nothing-here?token=s3cret")
        told.ask(b"/admin/reset?token=s3cret")
        told.ask(b"/preview/s3cret")
        told.ask(b"/preview/s3cret%00")
        told.ask(b"/x", b"Content-Length: 9999999999\r\n", method=b"POST")
        told.ask(b"/admin/login", b"Expect: 100-continue\r\nContent-Length: 5000000\r\n", method=b"POST")
        told.ask(b"/a\"b")
        lines = told.stopped()
        log = "\n".join(told.all())
        check(len(lines) == 14, f"14 answers, {len(lines)} lines:\n{log}")
        check("s3cret" not in log, "a token is in the log")
        check(len({line["request"] for line in lines}) == 14, "two requests have one id")
        for status, kept in (("200", ["miss", "hit", "hit", "hit", "hit"]), ("304", ["hit"])):
            told_of = [line["cache"] for line in lines if line["status"] == status and line["target"] == "/"]
            check(told_of == kept, f"{status}: {told_of}")
        sent = [int(line["bytes"]) for line in lines if line["status"] == "200" and line["target"] == "/"]
        check(sent[:3] == sizes, f"{sent} bytes told, {sizes} sent")
        check(one(lines, status="304")["bytes"] == "0", "a 304 has a body")
        check(one(lines, method="HEAD", route="/", target="/?type=news", cache="miss")["bytes"] == "0", "a HEAD has a body")
        one(lines, target="/nothing-here", status="404", route="-", cache="-")
        one(lines, target="/admin/reset", route="/admin/reset", status="410")
        one(lines, target="/preview/{token}", route="/preview/{token}", status="410")
        one(lines, method="-", target="-", status="400", route="-", reason="a malformed escape or a NUL in the target")
        one(lines, method="-", target="-", status="413")
        one(lines, method="POST", target="/admin/login", status="413", reason="the body is longer than is taken there")
        one(lines, target='"/a\\"b"', status="404")
        made = one(lines, target="/", cache="miss", status="200")
        check(0 < float(made["page_ms"]) <= float(made["ms"]), made[0])
        check(all(float(line["page_ms"]) == 0 for line in lines if line["cache"] == "hit"), "a hit was made")


def json_says_the_same():
    with Told("--log-format", "json") as told:
        for target in (b"/", b"/", b"/a\"b", b"/a%00"):
            told.ask(target)
        check(told.server.stop() == 0, "did not exit with 0")
        lines = [line for line in map(json.loads, told.all()) if "status" in line]
        check([line["status"] for line in lines].count(200) == 2 and len(lines) == 4, lines)
        for line in lines:
            check(list(line)[:6] == ["time", "level", "request", "method", "target", "status"], line)
            check(isinstance(line["bytes"], int) and isinstance(line["ms"], float) and line["client"] == "127.0.0.1", line)
        check({line["target"] for line in lines} == {"/", '/a"b', "-"}, lines)


def clients_are_shown_as_asked():
    forwarded = b"X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\n"
    for clients, direct, behind in (("full", "127.0.0.1", "203.0.113.7"), ("masked", "127.0.0.0/24", "203.0.113.0/24"),
                                    ("none", "-", "-")):
        with Told("--log-clients", clients) as told:
            told.ask(), told.ask(head=forwarded), told.ask(b"/admin", forwarded)
            form = b"username=a&password=b"
            with Client(told.server.address) as client:
                client.send(get(forwarded + b"Origin: http://evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                                b"Content-Length: %d\r\n" % len(form), b"/admin/login", method=b"POST") + form)
                check(client.response()[0] == 403, "a foreign form was taken")
            found = sorted(line["client"] for line in told.stopped())
            check(found == sorted([direct, behind, behind, behind]), f"{clients}: {found}")
            log = "\n".join(told.all())
            check(f"from {behind})" in log, f"the refusal tells something else: {log}")
            check(clients == "full" or "203.0.113.7" not in log, "a whole address is in the log")


def levels():
    with Told("--log-level", "warn", "--threads", "1") as told:
        check(told.ask()[0] == 200, "no page")
        told.sqlite().execute("DROP TABLE listing_count")
        status, _, page = told.ask(b"/?type=event&type=news")
        check(status == 500, f"answered {status}")
        line = one(told.stopped(), status="500", level="error", route="/")
        check(line["request"].encode() in page, "the page names another request")
        check(any(f"error {line['request']} " in other and "listing_count" in other for other in told.all()), "no cause under that id")


def slow_statements_are_named():
    """Who writes waits for seconds while somebody else does."""
    with Told(settings="log-slow = 100\n") as told:
        other = told.sqlite()
        other.execute("BEGIN IMMEDIATE")
        form = b"username=a&password=b"
        with Client(told.server.address) as client:
            client.send(get(b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nOrigin: http://%s:%d\r\n"
                            % (len(form), told.server.address[0].encode(), told.server.address[1]), b"/admin/login", method=b"POST")
                        + form)
            check(client.response()[0] == 503, "the login did not wait")
        other.close()
        told.stopped()
        check(any(re.search(r" warn \S+ slow: begin took \d+ ms", line) for line in told.all()), "\n".join(told.all()))


def the_journal_is_told_priorities():
    """In a file that stands for systemd's journal."""
    folder = tempfile.mkdtemp(prefix="told")
    journal = os.path.join(folder, "journal")
    command = [WARTA, "serve", "--listen", "127.0.0.1:0", "--database"]
    try:
        with open(journal, "wb") as errors:
            status = os.fstat(errors.fileno())
            environment = {**ENVIRONMENT, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
            with subprocess.Popen([*command, os.path.join(folder, "t.db")], stdout=subprocess.PIPE, stderr=errors,
                                  env=environment) as process:
                try:
                    check(b"listening" in process.stdout.readline(), "did not start")
                finally:
                    process.terminate()
            subprocess.run([*command, os.path.join(folder, "none", "t.db")], stderr=errors, env=environment, check=False)
        with open(journal, encoding="utf-8") as lines:
            *served, refused = lines.read().splitlines()
        check(served and all(re.match("<[46]>20", line) for line in served), served)
        check(refused.startswith("<3>warta: "), refused)
    finally:
        shutil.rmtree(folder)


def nothing_is_lost():
    """Of many clients at once, on a pipe, up to the stop."""
    each, clients = 2000, 8
    folder = tempfile.mkdtemp(prefix="told")
    try:
        process = subprocess.Popen([WARTA, "serve", "--database", os.path.join(folder, "t.db"), "--listen", "127.0.0.1:0", "--threads",
                                    "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
        try:
            port = int(process.stdout.readline().rsplit(b":", 1)[1])
            errors = []
            reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
            reader.start()

            def load(number):
                with Client(("127.0.0.1", port)) as client:
                    for _ in range(each // 20):
                        client.send(get(target=b"/?utm_source=%d" % number) * 20)
                        for _ in range(20):
                            check(client.response()[0] == 200, "no page")

            threads = [threading.Thread(target=load, args=(number,)) for number in range(clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            process.terminate()
            check(process.wait(PATIENCE_S) == 0, "did not exit with 0")
            reader.join()
        finally:
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder)
    lines = errors[0].decode().splitlines()
    matches = [match for match in map(LINE.fullmatch, lines) if match]
    check(all(LINE.fullmatch(line) or re.fullmatch(r"\S{24} (info|warn) [^=]*", line) for line in lines), "a line is not whole")
    for number in range(clients):
        count = sum(match["target"] == f"/?utm_source={number}" for match in matches)
        check(count == each, f"{count} lines for {each} answers")


def main():
    report = Report()
    for scene in (every_answer_has_its_line, json_says_the_same, clients_are_shown_as_asked, levels, slow_statements_are_named, the_journal_is_told_priorities, nothing_is_lost):
        report.run(scene.__name__, scene)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
