#!/usr/bin/env python3
"""What readers of cached pages feel of others: their p99 in quiet, and while wrong passwords are tried, items imported, files
uploaded, and pages asked for that have to be made.

    bench/readers.py [--quick] [--logins 200] [--items 10000] [--uploads 60] [--misses 20000] [--rounds 5] [--json FILE]

Readers are 20 connections of wrk that ask for listings and items, each again some 20 ms after its last answer. Quiet and the
loads take turns; a load's ratio is to the quiet before it in the same round. Each login comes from another network
(X-Forwarded-For, which the server believes from loopback) and tries another name, so that the throttle does not take them off
the hashing threads; 17 at a time keep those and nearly all of their queue full. Who makes the load runs at the lowest priority, so that
only the server's work is felt; the import is the program itself, as an operator would run it.
"""
import collections
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

import lib

READERS, PAUSE_MS = 20, 20
CLIENTS = {"login": 17, "upload": 2, "miss": 16}
UPLOAD_BYTES = 4 << 20
PAGES = ["/", "/?type=news", "/?place=nepal", "/items.json"]


# --- what makes the loads; each is a process of its own: readers.py --load login ADDRESS COUNT SEED ---

def login(address, number):
    connection = http.client.HTTPConnection(address, timeout=120)
    client = {"X-Forwarded-For": f"10.{number // 250 % 250}.{number % 250}.7"}
    connection.request("GET", "/admin/login", headers=client)
    response = connection.getresponse()
    cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
    form = {"csrf": lib.hidden(response.read().decode(), "csrf"), "username": f"user{number}",
            "password": "a wrong password", "next": ""}
    connection.request("POST", "/admin/login", urllib.parse.urlencode(form),
                       {**client, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"})
    return connection.getresponse().status


def upload(staff, number):
    staff.request("GET", "/admin/files")
    content = b"%PDF-1.4\n" + number.to_bytes(8, "big") + os.urandom(1 << 16) * (UPLOAD_BYTES >> 16) + b"\n%%EOF\n"
    body, kind = lib.multipart({"csrf": lib.hidden(staff.body, "csrf")}, [("file", f"report-{number}.pdf", content)])
    return staff.request("POST", "/admin/files", body, kind)


class Misses:
    """A connection that asks for one page after another that nobody asked for before."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=120)

    def ask(self, number):
        self.connection.request("GET", f"/?before=20{number % 60 + 10}0{number // 60 % 9 + 1}15.{number + 1}",
                                headers={"Accept-Encoding": "gzip"})
        response = self.connection.getresponse()
        response.read()
        return response.status


def make_load(kind, address, count, first):
    answers = collections.Counter()
    numbers = iter(range(first, first + count))

    def work():
        client = {"upload": lib.Staff, "miss": Misses}.get(kind, lambda address: address)(address)
        act = {"login": login, "upload": upload, "miss": Misses.ask}[kind]
        for number in numbers:  # shared by the threads
            answers[act(client, number)] += 1

    threads = [threading.Thread(target=work) for _ in range(CLIENTS[kind])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(lib.json.dumps(answers))


# --- readers ---

def readers_during(bench, server, targets, load):
    """wrk's figures for as long as `load` takes; and what it returned."""
    readers = bench.wrk_start(server, connections=READERS, seconds=600, delay_ms=PAUSE_MS, targets=targets)
    try:
        begun = time.monotonic()
        returned = load()
        taken = time.monotonic() - begun
    finally:
        readers.send_signal(signal.SIGINT)
    result = bench.wrk_result(readers)
    result["seconds"] = taken
    return result, returned


def other_process(bench, kind, server, count, first):
    done = subprocess.run([sys.executable, __file__, "--load", kind, server.address, str(count), str(first)], text=True,
                          stdout=subprocess.PIPE, check=True, preexec_fn=lambda: (lib.end_with_parent(), os.nice(19)))
    return lib.json.loads(done.stdout)


def loads_of(bench, server, database, turn):
    options = bench.options
    logins, uploads = bench.pick(options.logins, options.logins, 6), bench.pick(options.uploads, options.uploads // 3, 2)
    items, misses = bench.pick(options.items, options.items, 100), bench.pick(options.misses, options.misses // 4, 50)

    def wrong_logins():
        answers = other_process(bench, "login", server, logins, turn * logins)
        if not set(answers) <= {"422", "503"} or "422" not in answers:  # on a slow machine the queue may be full
            sys.exit(f"the logins were answered {answers}")

    def import_of_items():
        bench.run("import", "--database", database, f"{bench.folder}/more-{turn}.json")

    def uploads_of_files():
        answers = other_process(bench, "upload", server, uploads, turn * uploads)
        if set(answers) != {"303"}:
            sys.exit(f"the uploads were answered {answers}")

    def pages_to_be_made():
        answers = other_process(bench, "miss", server, misses, turn * misses)
        if set(answers) != {"200"}:
            sys.exit(f"the pages were answered {answers}")

    with open(f"{bench.folder}/more-{turn}.json", "w") as out:
        subprocess.run([sys.executable, lib.BENCH / "generate.py", str(items), str(10_000_000 + turn * items)], stdout=out,
                       check=True)
    return {f"{logins:,} wrong logins": wrong_logins, f"an import of {items:,} items": import_of_items,
            f"{uploads:,} uploads of {UPLOAD_BYTES >> 20} MiB": uploads_of_files,
            f"{misses:,} pages that are not cached": pages_to_be_made}


def main():
    if sys.argv[1:2] == ["--load"]:
        kind, address, count, first = sys.argv[2:]
        return make_load(kind, address, int(count), int(first))
    with lib.Bench("readers", __doc__, {"--logins": 200, "--items": 10000, "--uploads": 60, "--misses": 20000}) as bench:
        database = bench.copy_of_items(bench.pick(1000, 1000, 100))
        lib.add_staff(bench, database)
        server = bench.warta(database, threads=os.cpu_count())
        feed = lib.json.loads(lib.page(server.address, "/items.json"))
        targets = Path(bench.folder, "targets")
        targets.write_text("\n".join(PAGES * 5 + [f"/items/{item['_warta']['slug']}" for item in feed["items"]]) + "\n")
        rounds = []
        for turn in range(bench.rounds):
            done = {}
            for words, load in loads_of(bench, server, database, turn).items():
                quiet, _ = readers_during(bench, server, targets, lambda: time.sleep(bench.pick(5, 3, 1)))
                busy, _ = readers_during(bench, server, targets, load)
                done[words] = quiet, busy
            rounds.append(done)
        tell(bench, rounds)
    return None


def tell(bench, rounds):
    rows = []
    for words in rounds[0]:
        quiet, busy = ([done[words][which] for done in rounds] for which in (0, 1))
        of = {key: [[done[key] / 1000 for done in which] for which in (quiet, busy)] for key in ("p50_us", "p99_us")}
        rows.append({"during": words, "seconds": lib.median(done["seconds"] for done in busy),
                     "quiet p50 ms": lib.median(of["p50_us"][0]), "p50 ms": lib.median(of["p50_us"][1]),
                     "quiet p99 ms": lib.median(of["p99_us"][0]), "p99 ms": lib.median(of["p99_us"][1]),
                     "p99 ÷ quiet": lib.ratio_of(of["p99_us"][1], of["p99_us"][0])})
    print()
    lib.table(list(rows[0]), [list(row.values()) for row in rows])
    bench.details["readers"] = rows
    for key, row in zip(("logins", "import", "uploads", "misses"), rows):
        bench.figure(f"readers_{key}", f"readers' p99 during {row['during']} ÷ quiet", row["p99 ÷ quiet"],
                     bar=3 if key in ("logins", "misses") else None)


if __name__ == "__main__":
    main()
