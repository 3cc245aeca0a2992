#!/usr/bin/env python3
"""What an uncached page costs: the server's CPU time for each request, at several depths and sizes.

    bench/listing.py [--items 1000,100000] [--rounds 7] [--requests 400] [--json FILE]

Pages are asked for in turn, round by round, so that what else the machine does falls on all of them alike; medians are
printed, and ratios to the first page of the smallest set. The time is that which the kernel charged to the server's
threads (/proc/PID/task/*/schedstat), on one thread. Run it on the release build: scripts/run makes one.
"""
import argparse
import glob
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE_LEN = 20


class Server:
    def __init__(self, warta, database):
        self.process = subprocess.Popen(
            [warta, "serve", "--database", database, "--listen", "127.0.0.1:0", "--threads", "1", "--log-level", "warn"],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "listening on http://" not in line:
            sys.exit("the server did not start")
        self.address = line.split("http://")[1].strip()
        self.connection = None
        self.connect()

    def connect(self):
        if self.connection:
            self.connection.close()
        self.connection = http.client.HTTPConnection(self.address, timeout=30)

    def get(self, target):
        self.connection.request("GET", target)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{target} answered {response.status}")
        return body

    def cpu_us(self):
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            total += int(Path(path).read_text().split()[0])
        return total / 1000

    def cost_us(self, target, requests):
        self.connect()  # the server closes what was idle while others had their turn
        self.get(target)
        before = self.cpu_us()
        for _ in range(requests):
            self.get(target)
        return (self.cpu_us() - before) / requests

    def stop(self):
        self.process.terminate()
        self.process.wait()


def deep_page(server, page):
    """The address of a page that many pages of following "older" lead to."""
    target = "/items.json"
    for _ in range(page - 1):
        feed = json.loads(server.get(target))
        if "next_url" not in feed:
            break
        target = "/items.json?" + feed["next_url"].split("?")[1]
    return "/" + ("?" + target.split("?")[1] if "?" in target else "")


def import_items(warta, folder, count):
    database = f"{folder}/{count}.db"
    items = f"{folder}/{count}.json"
    with open(items, "w") as out:
        subprocess.run([sys.executable, ROOT / "bench/generate.py", str(count)], stdout=out, check=True)
    begun = time.monotonic()
    subprocess.run([warta, "import", "--database", database, items, "--log-level", "warn"], check=True,
                   stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    os.unlink(items)
    return database, seconds


def measure(chosen, servers):
    with tempfile.TemporaryDirectory(prefix="warta-bench-") as folder:
        pages = []
        figures = {"imports": {}, "pages": []}
        for count in map(int, chosen.items.split(",")):
            database, seconds = import_items(chosen.warta, folder, count)
            figures["imports"][count] = round(seconds, 1)
            print(f"import of {count:,} items: {seconds:.1f} s")
            server = Server(chosen.warta, database)
            servers.append(server)
            slug = json.loads(server.get("/items.json"))["items"][0]["_warta"]["slug"]
            targets = [("listing, page 1", "/"), ("listing, page 500", deep_page(server, 500)),
                       ("one type", "/?type=news"), ("type and place", "/?type=news&place=nepal"),
                       ("one item", f"/items/{slug}"), ("JSON feed", "/items.json")]
            pages += [(count, name, server, target, []) for name, target in targets]
        for _ in range(chosen.rounds):
            for _, _, server, target, costs in pages:
                costs.append(server.cost_us(target, chosen.requests))
        first = statistics.median(pages[0][4])
        print(f"\n{'items':>10}  {'page':<20} {'µs CPU':>8} {'min':>8} {'max':>8} {'ratio':>7}")
        for count, name, _, _, costs in pages:
            median = statistics.median(costs)
            print(f"{count:>10,}  {name:<20} {median:>8.0f} {min(costs):>8.0f} {max(costs):>8.0f} {median / first:>7.2f}")
            figures["pages"].append({"items": count, "page": name, "cpu_us": round(median, 1),
                                     "ratio": round(median / first, 3)})
        if chosen.json:
            Path(chosen.json).write_text(json.dumps(figures, indent=2) + "\n")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--warta", default=str(ROOT / "build/release/warta"))
    options.add_argument("--items", default="1000,100000")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--requests", type=int, default=400)
    options.add_argument("--json", help="also write the figures there")
    chosen = options.parse_args()

    servers = []
    try:
        measure(chosen, servers)
    finally:
        for server in servers:
            server.stop()


if __name__ == "__main__":
    main()
