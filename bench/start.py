#!/usr/bin/env python3
"""How soon the server answers, how much memory it takes, before and after it has served 100,000 different pages, and how
large the program is.

    bench/start.py [--quick] [--items 1000,100000] [--pages 100000] [--rounds 5] [--json FILE]

A start is timed from the start of the process to the whole of the first page with a 200; sizes take turns. Memory is the
resident set. The pages are items, their JSON twins and filters, all at addresses of their own, from the largest set; their
memory is read after every tenth of them, and "flat" compares the end with the middle.
"""
import itertools
import os
import random
import socket
import sqlite3
import sys
import time
from pathlib import Path

import lib

PARTS = 10


def first_page(bench, database):
    """Milliseconds until the first whole page, and the server."""
    port = lib.free_port()
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    begun = time.perf_counter()
    process = bench.spawn([bench.options.warta, "serve", "--database", database, "--listen", f"127.0.0.1:{port}",
                           "--log-level", "error"], stdout=lib.subprocess.DEVNULL)
    server = bench.keep(lib.Server("warta", process, f"127.0.0.1:{port}"))
    while time.perf_counter() - begun < 60:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                connection.sendall(request)
                answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
            break
        except ConnectionRefusedError:
            time.sleep(0.0005)
    else:
        sys.exit("the server did not start")
    taken = (time.perf_counter() - begun) * 1000
    if not answer.startswith(b"HTTP/1.1 200 ") or b"</html>" not in answer:
        sys.exit(f"the first page was {answer[:80]}")
    return taken, server


def time_starts(bench, sizes):
    times, memory = {}, {}
    for turn in range(bench.rounds):
        for items in lib.rotated(sizes, turn):
            taken, server = first_page(bench, bench.items(items))
            times.setdefault(items, []).append(taken)
            memory.setdefault(items, []).append(server.memory_mb())
            server.stop()
    return times, memory


def column(store, statement):
    return [row[0] for row in store.execute(statement)]


def addresses(database, count):
    """Different ones, in an order that is always the same: a third each of items, JSON twins and filters."""
    with lib.contextlib.closing(sqlite3.connect(database)) as store:
        slugs = column(store, "SELECT slug FROM item ORDER BY id")
        types, places, topics, langs = (column(store, statement) for statement in (
            "SELECT slug FROM type ORDER BY id", "SELECT slug FROM place ORDER BY id", "SELECT slug FROM topic ORDER BY id",
            "SELECT tag FROM language ORDER BY id"))
        years = column(store, "SELECT DISTINCT year FROM listing_count WHERE year <> 0 ORDER BY year")
    filters = [f"/?type={a}&place={b}&topic={c}&year={d}&lang={e}"
               for a, b, c, d, e in itertools.product(types, places, topics, years, langs)]
    chooser = random.Random(1)
    chooser.shuffle(filters)
    third = count // 3
    pages = filters[:third]
    pages += [f"/items/{slug}.json" for slug in slugs[:third]]
    pages += [f"/items/{slug}" for slug in slugs][:count - len(pages)]
    chooser.shuffle(pages)
    if len(pages) < count:
        sys.exit(f"a set of {len(slugs):,} items has only {len(pages):,} such pages")
    return pages


def serve_pages(bench, database, count):
    """Resident memory, and the part of it that is the process's own, before and after each part of the pages."""
    pages = addresses(database, count)
    server = bench.warta(database, threads=os.cpu_count())
    lib.page(server.address, "/")
    readings = [(0, server.memory_mb(), server.memory_mb("RssAnon"))]
    for first in range(0, count, count // PARTS):
        part = pages[first:first + count // PARTS]
        targets = Path(bench.folder, "targets")
        targets.write_text("\n".join(part) + "\n")
        # Past the last address wrk begins again with the first: a few pages are asked for twice.
        bench.wrk(server, connections=16, seconds=600, targets=targets, count=len(part))
        readings.append((first + len(part), server.memory_mb(), server.memory_mb("RssAnon")))
    server.stop()
    return readings


def main():
    with lib.Bench("start", __doc__, {"--items": "", "--pages": 100_000}) as bench:
        sizes = list(map(int, (bench.options.items or bench.pick("1000,100000", "1000,100000", "100,400")).split(",")))
        count = bench.pick(bench.options.pages, bench.options.pages, 500)
        times, memory = time_starts(bench, sizes)
        readings = serve_pages(bench, bench.items(sizes[-1]), count)
        print()
        lib.table(["items", "first page, ms", "least", "most", "memory, MB"],
                  [[f"{items:,}", lib.median(times[items]), min(times[items]), max(times[items]),
                    lib.median(memory[items])] for items in sizes])
        print()
        lib.table(["different pages served", "memory, MB", "of it not files, MB"],
                  [[f"{pages:,}", resident, own] for pages, resident, own in readings])
        bench.details = {"start_ms": times, "start_mb": memory, "served_mb": readings}
        for items in sizes:
            bench.figure(f"start_{items}", f"start to first page, {items:,} items", lib.median(times[items]), "ms",
                         bar=100 if items == sizes[-1] else None)
        bench.figure("start_memory", f"memory after the start, {sizes[-1]:,} items", lib.median(memory[sizes[-1]]), "MB")
        bench.figure("served_memory", f"memory after {count:,} different pages", readings[-1][1], "MB", bar=96)
        bench.figure("served_flat", "the same ÷ after half of them", readings[-1][1] / readings[len(readings) // 2][1],
                     bar=1.1)
        bench.figure("program", "size of the program", os.stat(bench.options.warta).st_size / 1e6, "MB")


if __name__ == "__main__":
    main()
