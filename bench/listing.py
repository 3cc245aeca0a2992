#!/usr/bin/env python3
"""What a page costs that is made from the database: the server's CPU time, at several sizes and depths, without the cache.

    bench/listing.py [--quick] [--items 1000,100000,1000000] [--rounds 5] [--json FILE]

wrk asks for one page at a time on eight connections, one thread serves; pages and sizes take turns, round by round. A ratio
is the median of the rounds' ratios to the smallest set. The sets are generated and imported once, and kept in build/bench/;
a million items take a quarter of an hour.
"""
import json
import sqlite3

import lib

PAGE_LEN = 20
SLUG = "SELECT slug FROM item ORDER BY day DESC, id DESC LIMIT 1"


def page_at(server, page):
    """The address of the listing's page that following "older" leads to; the last one if there are fewer."""
    query = ""
    for _ in range(page - 1):
        feed = json.loads(lib.page(server.address, f"/items.json{query}"))
        if "next_url" not in feed:
            break
        query = "?" + feed["next_url"].split("?")[1]
    return f"/{query}"


def targets_of(server, database, items):
    with lib.contextlib.closing(sqlite3.connect(database)) as store:
        slug = store.execute(SLUG).fetchone()[0]
    middle = items // PAGE_LEN // 2
    return {"listing, page 1": "/", "listing, page 500": page_at(server, 500),
            "listing, middle page": page_at(server, middle), "one type": "/?type=news",
            "type and place": "/?type=news&place=nepal", "one item": f"/items/{slug}", "JSON feed": "/items.json"}


def measure(bench, servers):
    costs = {}
    for turn in range(bench.rounds):
        for name in next(iter(servers.values()))[1]:
            for items, (server, targets) in lib.rotated(list(servers.items()), turn):
                done = bench.wrk(server, target=targets[name], connections=8, seconds=bench.pick(2, 1, 1))
                costs.setdefault((name, items), []).append(done["cpu_us"])
    return costs


def main():
    with lib.Bench("listing", __doc__, {"--items": ""}) as bench:
        sizes = bench.options.items or bench.pick("1000,100000,1000000", "1000,100000", "100,400")
        sizes = list(map(int, sizes.split(",")))
        servers = {}
        for items in sizes:
            database = bench.items(items)
            server = bench.warta(database, *bench.flags("--cache-size", 0))
            servers[items] = server, targets_of(server, database, items)
        costs = measure(bench, servers)

        least, most = sizes[0], sizes[-1]
        pages = list(servers[least][1])
        print("\nCPU time of the server, µs for each request")
        lib.table(["page"] + [f"{items:,} items" for items in sizes] + [f"{items:,} ÷ {least:,}" for items in sizes[1:]],
                  [[page] + [lib.median(costs[page, items]) for items in sizes] +
                   [lib.ratio_of(costs[page, items], costs[page, least]) for items in sizes[1:]] for page in pages])
        bench.details["cpu_us"] = {page: {str(items): round(lib.median(costs[page, items]), 1) for items in sizes}
                                   for page in pages}
        bench.figure("uncached_listing", f"uncached listing of {PAGE_LEN} items, CPU",
                     lib.median(costs["listing, page 1", least]), "µs", bar=200)
        bench.figure("uncached_growth", f"uncached listing, CPU: {most:,} items ÷ {least:,}",
                     lib.ratio_of(costs["listing, page 1", most], costs["listing, page 1", least]), bar=1.5)
        bench.figure("uncached_depth", f"uncached listing of {most:,} items, CPU: middle page ÷ first",
                     lib.ratio_of(costs["listing, middle page", most], costs["listing, page 1", most]))
        bench.figure("uncached_type", f"uncached type filter, CPU: {most:,} items ÷ {least:,}",
                     lib.ratio_of(costs["one type", most], costs["one type", least]))
        bench.figure("uncached_item", f"uncached item, CPU: {most:,} items ÷ {least:,}",
                     lib.ratio_of(costs["one item", most], costs["one item", least]))


if __name__ == "__main__":
    main()
