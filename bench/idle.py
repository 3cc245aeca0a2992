#!/usr/bin/env python3
"""What 10,000 idle connections cost: memory, and what another client feels of them.

    bench/idle.py [--quick] [--connections 10000] [--rounds 5] [--json FILE]

Each connection asks once, so that the server has its state, and then rests; meanwhile 20 connections of wrk ask for pages,
each again some 5 ms after its last answer. Quiet and crowded take turns. Memory is the server's resident set.
"""
import os
import socket
import sys

import lib

SETTINGS_SPARE = 200  # connections that the server takes beside the idle ones


def crowd(server, count):
    """Connections that have asked once; all must have been answered. A cheap request, so that the last is open long before
    the server closes the first for its idleness."""
    host, port = server.address.split(":")
    icon = next(part for part in lib.page(server.address, "/").decode().split('"') if part.startswith("/static/icon."))
    request = f"HEAD {icon} HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode()
    connections = []
    for _ in range(count):
        connection = socket.create_connection((host, int(port)), timeout=20)
        connections.append(connection)
        connection.sendall(request)
        try:
            answered = connection.recv(1 << 16)
        except TimeoutError:
            answered = b""
        if not answered:
            sys.exit(f"the server did not answer connection {len(connections):,}")
    return connections


def still_open(connections):
    def is_open(connection):
        connection.setblocking(False)
        try:
            return connection.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
    return sum(map(is_open, connections))


def client(bench, server):
    return bench.wrk(server, connections=20, seconds=bench.pick(4, 3, 1), delay_ms=5)


def main():
    with lib.Bench("idle", __doc__, {"--connections": 10000}) as bench:
        count = bench.pick(bench.options.connections, bench.options.connections, 100)
        database = bench.items(bench.pick(1000, 1000, 100))
        server = bench.warta(database, *bench.flags("--connections-max", count + SETTINGS_SPARE), threads=os.cpu_count())
        client(bench, server)
        before = server.memory_mb()
        quiet, crowded, memory = [], [], []
        for _ in range(bench.rounds):
            quiet.append(client(bench, server))
            connections = crowd(server, count)
            crowded.append(client(bench, server))
            memory.append(server.memory_mb())
            rest = still_open(connections)
            for connection in connections:
                connection.close()
            if rest != count:
                sys.exit(f"only {rest:,} of {count:,} connections were still open at the end")
        rows = [{"connections": name, **{f"{key} ms": lib.median(done[f"{key}_us"] for done in which) / 1000
                                         for key in ("p50", "p99")},
                 "CPU µs": lib.median(done["cpu_us"] for done in which)}
                for name, which in (("none idle", quiet), (f"{count:,} idle", crowded))]
        print()
        lib.table(list(rows[0]), [list(row.values()) for row in rows])
        bench.details = {"client": rows, "memory_before_mb": before, "memory_mb": memory}
        bench.figure("idle_memory", f"memory with {count:,} idle connections", lib.median(memory), "MB", bar=200)
        bench.figure("idle_each", "memory of each of them", (lib.median(memory) - before) * 1000 / count, "KB")
        bench.figure("idle_p99", "a client's p99 beside them ÷ without",
                     lib.ratio_of([done["p99_us"] for done in crowded], [done["p99_us"] for done in quiet]), bar=1.25)
        bench.figure("idle_p50", "a client's p50 beside them ÷ without",
                     lib.ratio_of([done["p50_us"] for done in crowded], [done["p50_us"] for done in quiet]))


if __name__ == "__main__":
    main()
