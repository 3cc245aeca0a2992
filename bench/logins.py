#!/usr/bin/env python3
"""What readers feel of a login storm: the listing's latency in quiet, and while 200 wrong passwords are tried at once.

    bench/logins.py [--rounds 5] [--logins 200] [--json FILE]

Each login comes from another network (X-Forwarded-For, which the server believes from loopback), so that the throttle does not
take them off the hashing threads. Quiet and storm take turns; printed are the medians of each round's p50 and p99, and the
ratio storm ÷ quiet. Run it on the release build: scripts/run makes one.
"""
import argparse
import http.client
import json
import multiprocessing
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READERS = 4


def start(warta, folder):
    database = f"{folder}/bench.db"
    subprocess.run([warta, "import", "--database", database, ROOT / "samples/showcase.json", "--log-level", "warn"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run([warta, "user", "add", "bench", "--role", "admin", "--password-stdin", "--database", database],
                   check=True, input="a password of the bench\n", text=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen([warta, "serve", "--database", database, "--listen", "127.0.0.1:0", "--log-level", "error"],
                               stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if "listening on http://" not in line:
        sys.exit("the server did not start")
    return process, line.split("http://")[1].strip()


def read_until(address, stop, latencies):
    connection = http.client.HTTPConnection(address, timeout=30)
    while not stop.is_set():
        begun = time.perf_counter()
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f"the listing answered {response.status}")
        latencies.append(time.perf_counter() - begun)
        time.sleep(0.002)


def login(address, number, answers):
    connection = http.client.HTTPConnection(address, timeout=60)
    client = {"X-Forwarded-For": f"198.{18 + number // 250}.{number % 250}.7"}
    connection.request("GET", "/admin/login", headers=client)
    response = connection.getresponse()
    cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
    token = re.search(r'name="csrf" value="([^"]*)"', response.read().decode())
    if not token:
        answers.append(response.status)
        return
    form = urllib.parse.urlencode({"csrf": token[1], "username": f"user{number}", "password": "a wrong password", "next": ""})
    connection.request("POST", "/admin/login", form,
                       {**client, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"})
    answers.append(connection.getresponse().status)


def storm_of(address, logins, answered):
    """All the logins at once; in a process of its own, so that it does not hold up the readers' clocks."""
    answers = []
    threads = [threading.Thread(target=login, args=(address, n, answers)) for n in range(logins)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answered.put(answers)


def round_of(address, seconds, logins):
    """p50 and p99 of the readers, in milliseconds, while `logins` are tried (0: for `seconds` of quiet)."""
    stop = threading.Event()
    latencies, answers = [], []
    answered = multiprocessing.Queue()
    readers = [threading.Thread(target=read_until, args=(address, stop, latencies)) for _ in range(READERS)]
    storm = multiprocessing.Process(target=storm_of, args=(address, logins, answered))
    if logins:
        storm.start()
    for thread in readers:
        thread.start()
    if logins:
        answers = answered.get()
        storm.join()
    else:
        time.sleep(seconds)
    stop.set()
    for thread in readers:
        thread.join()
    latencies.sort()
    return latencies[len(latencies) // 2] * 1000, latencies[int(len(latencies) * 0.99)] * 1000, answers


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--warta", default=str(ROOT / "build/release/warta"))
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--logins", type=int, default=200)
    options.add_argument("--json", help="also write the figures there")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="warta-bench-") as folder:
        process, address = start(chosen.warta, folder)
        try:
            quiet, storm, answers = [], [], []
            for _ in range(chosen.rounds):
                quiet.append(round_of(address, 5, 0)[:2])
                p50, p99, got = round_of(address, 0, chosen.logins)
                storm.append((p50, p99))
                answers += got
        finally:
            process.terminate()
            process.wait()
    figures = {name: {"p50_ms": round(statistics.median(r[0] for r in rounds), 2),
                      "p99_ms": round(statistics.median(r[1] for r in rounds), 2)}
               for name, rounds in (("quiet", quiet), ("storm", storm))}
    figures["p99_ratio"] = round(figures["storm"]["p99_ms"] / figures["quiet"]["p99_ms"], 2)
    figures["answers"] = {str(status): answers.count(status) for status in sorted(set(answers))}
    for name in ("quiet", "storm"):
        print(f"{name:<6} p50 {figures[name]['p50_ms']:>7.2f} ms   p99 {figures[name]['p99_ms']:>7.2f} ms")
    print(f"p99, storm ÷ quiet: {figures['p99_ratio']}   logins answered: {figures['answers']}")
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
