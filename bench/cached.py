#!/usr/bin/env python3
"""What a page costs that was asked for before, against nginx sending a file of the same bytes, and against the least that
a server can do: an event loop that sends the same bytes whatever is asked (bench/epoll.c).

    bench/cached.py [--quick] [--rounds 5] [--json FILE]

64 connections of wrk ask one server at a time, each in turn for every page, round by round. A ratio is the median of the
rounds' ratios. nginx has its files open, the gzip forms made beforehand, one worker or two; the others one thread or two.
"""
import gzip
import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

import lib

PAGE_BYTES = 20 * 1024
GZIP = {"Accept-Encoding": "gzip"}


@dataclass
class Case:
    """One thing that is asked for: where, how, and how each server asked it is to be asked."""
    name: str
    file: str                                    # in nginx's folder
    target: str
    headers: dict = field(default_factory=dict)  # also of nginx
    own: dict = field(default_factory=dict)      # of warta only
    nginx: dict = field(default_factory=dict)    # of nginx only
    scale: bool = False                          # also with two threads


def page_of(server, wanted):
    """The listing's page nearest to `wanted` bytes."""
    targets = ["/"] + [f"/?{facet}={value}" for facet, value in (
        ("type", "news"), ("type", "event"), ("place", "nepal"), ("place", "fiji"), ("lang", "fr"), ("topic", "law"))]
    return min(targets, key=lambda target: abs(len(lib.page(server.address, target)) - wanted))


def cases_of(server):
    listing = page_of(server, PAGE_BYTES)
    item = lib.json.loads(lib.page(server.address, "/items.json"))["items"][0]["_warta"]["slug"]
    style = next(part for part in lib.page(server.address, "/").decode().split('"') if part.startswith("/static/site."))
    tag = lib.get(server.address, listing)[1].get("etag")
    cases = [
        Case("listing", "listing.html", listing, scale=True),
        Case("listing, gzip", "listing.html", listing, GZIP, scale=True),
        Case("item", "item.html", f"/items/{item}"),
        Case("item, gzip", "item.html", f"/items/{item}", GZIP),
        Case("item, JSON", "item.json", f"/items/{item}.json"),
        Case("style sheet, gzip", "style.css", style, GZIP),
    ]
    if tag:
        cases.append(Case("listing, 304", "listing.html", listing, own={"If-None-Match": tag}))
    return cases


def raw(server, case):
    """The very bytes that warta answers with."""
    host, port = server.address.split(":")
    headers = {"Host": server.address, **case.headers, **case.own, "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"GET {case.target} HTTP/1.1\r\n{lines}\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, body = answer.split(b"\r\n\r\n", 1)
    kept = [line for line in head.split(b"\r\n") if line.lower() != b"connection: close"]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


def is_gzip(answer):
    return b"content-encoding: gzip" in answer.split(b"\r\n\r\n")[0].lower()


def lay_out(bench, server, cases):
    """Files for nginx and for the event loop; the latter's names. Drops what warta does not compress (yet)."""
    root = Path(bench.folder, "root")
    root.mkdir()
    names = []
    for case in list(cases):
        answer = raw(server, case)
        body = answer.split(b"\r\n\r\n", 1)[1]
        if case.headers == GZIP and not is_gzip(answer):
            print(f"{case.name}: warta sends it as it is, so it is left out")
            cases.remove(case)
            continue
        if case.headers == GZIP:
            (root / f"{case.file}.gz").write_bytes(body)
            body = gzip.decompress(body)
        if not case.own:
            (root / case.file).write_bytes(body)
        names.append(f"{bench.folder}/{len(names)}")
        Path(names[-1]).write_bytes(answer)
    os.chmod(bench.folder, 0o755)
    return root, names


def start_all(bench, database, root, names, threads):
    return [bench.warta(database, threads=threads), bench.nginx(root, threads), bench.epoll(names, threads)]


def check_same(bench, cases, servers):
    """What is compared has to be the same bytes."""
    for number, case in enumerate(cases):
        bodies = [lib.get(server.address, *asked(case, number, server)) for server in servers]
        if len({(status, body) for status, _, body in bodies}) != 1:
            sys.exit(f"{case.name}: the servers do not answer alike: {[(s, len(b)) for s, _, b in bodies]}")
        bench.details.setdefault("bytes", {})[case.name] = len(bodies[0][2])


def asked(case, number, server):
    if server.name == "warta":
        return case.target, {**case.headers, **case.own}
    if server.name == "epoll":
        return f"/{number}", {}
    return f"/{case.file}", {**case.headers, **case.nginx}


def measure(bench, cases, servers, threads, results):
    seconds = bench.pick(2, 1, 1)
    for turn in range(bench.rounds):
        for number, case in enumerate(cases):
            if threads == 2 and not case.scale:
                continue
            for server in lib.rotated(servers, turn):
                target, headers = asked(case, number, server)
                if case.own:
                    done = bench.unchanged(server, target, headers, 64, seconds)
                else:
                    done = bench.wrk(server, target=target, headers=headers, connections=64, seconds=seconds, threads=threads)
                results.setdefault((case.name, server.name, threads), []).append(done)


def series(results, case, server, threads, key="cpu_us"):
    return [done[key] for done in results[case, server, threads]]


def tell(bench, cases, results):
    rows = []
    for threads in (1, 2):
        for case in cases:
            if (case.name, "warta", threads) not in results:
                continue
            cpu = {name: series(results, case.name, name, threads) for name in ("warta", "nginx", "epoll")}
            rate = {name: series(results, case.name, name, threads, "per_second") for name in ("warta", "nginx")}
            row = {"page": case.name, "threads": threads, "bytes": bench.details["bytes"][case.name],
                   **{name: lib.median(values) for name, values in cpu.items()},
                   "nginx ÷ warta": lib.ratio_of(cpu["nginx"], cpu["warta"]),
                   "epoll ÷ warta": lib.ratio_of(cpu["epoll"], cpu["warta"]),
                   "req/s": lib.median(rate["warta"]), "req/s ÷ nginx": lib.ratio_of(rate["warta"], rate["nginx"])}
            rows.append(row)
    print("\nCPU time of the server, µs for each request")
    lib.table(list(rows[0]), [[str(value) if name in ("threads", "bytes") else value for name, value in row.items()]
                              for row in rows])
    bench.details["pages"] = rows
    return {(row["page"], row["threads"]): row for row in rows}


def judge(bench, rows, results):
    for case in ("listing", "listing, gzip"):
        key = "cached_" + case.replace(", ", "_")
        one, two = rows.get((case, 1), {}), rows.get((case, 2), {})
        bench.figure(f"{key}_nginx", f"cached {case}, CPU: nginx's static file ÷ ours", one.get("nginx ÷ warta"), bar=1.10,
                     most=False)
        bench.figure(f"{key}_epoll", f"cached {case}, CPU: bare event loop ÷ ours", one.get("epoll ÷ warta"), bar=0.80,
                     most=False)
        bench.figure(f"{key}_two_cores", f"cached {case}, throughput on two cores: ours ÷ nginx", two.get("req/s ÷ nginx"),
                     bar=1.0, most=False)
        scale = two and lib.ratio_of(series(results, case, "warta", 2), series(results, case, "warta", 1))
        bench.figure(f"{key}_scale", f"cached {case}, CPU: two threads ÷ one", scale or None, bar=1.15)


def main():
    with lib.Bench("cached", __doc__) as bench:
        database = bench.items(bench.pick(1000, 1000, 100))
        first = bench.warta(database)
        cases = cases_of(first)
        root, names = lay_out(bench, first, cases)
        ones = [first, bench.nginx(root), bench.epoll(names)]
        for case in cases:
            if case.own:
                case.nginx = {"If-None-Match": lib.get(ones[1].address, f"/{case.file}")[1]["etag"]}
        check_same(bench, cases, ones)
        results = {}
        measure(bench, cases, ones, 1, results)
        measure(bench, cases, start_all(bench, database, root, names, 2), 2, results)
        judge(bench, tell(bench, cases, results), results)


if __name__ == "__main__":
    main()
