#!/usr/bin/env python3
"""What a line of the log costs: the server's CPU time for a page asked for before, with the lines of requests and without.

    bench/log.py [--quick] [--rounds 5] [--json FILE]

The log goes into a pipe, as to a service manager; who reads it is not counted. The servers take turns, round by round; the
difference is the median of the rounds' differences.
"""
import subprocess

import lib

SERVERS = {"without": ("warn", "text"), "text": ("info", "text"), "json": ("info", "json")}


def main():
    with lib.Bench("log", __doc__) as bench:
        database = bench.items(bench.pick(1000, 1000, 100))
        servers = []
        for name, (level, form) in SERVERS.items():
            reader = bench.spawn(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            servers.append(bench.warta(database, "--log-format", form, name=name, log_level=level, stderr=reader.stdin))
        costs = {}
        for turn in range(bench.rounds):
            for server in lib.rotated(servers, turn):
                done = bench.wrk(server, target="/", connections=64, seconds=bench.pick(2, 1, 1))
                costs.setdefault(server.name, []).append(done["cpu_us"])
        bench.details["cpu_us"] = {name: round(lib.median(series), 2) for name, series in costs.items()}
        for form in ("text", "json"):
            more = [with_lines - without for with_lines, without in zip(costs[form], costs["without"])]
            bench.figure(f"log_{form}", f"a line of the log for a finished page, {form}", lib.median(more), "µs", bar=1)


if __name__ == "__main__":
    main()
