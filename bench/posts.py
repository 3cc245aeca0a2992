#!/usr/bin/env python3
"""How many items staff can post, each safe on the disk before its answer, and how soon readers see one.

    bench/posts.py [--quick] [--posts 300] [--rounds 5] [--json FILE]

Staff log in and send the editor's form, one at a time, then eight of them at once. Beside that stands how often the disk
itself makes 4 KiB durable (write and fdatasync), as no post can be faster. "Visible" is from the 303 to the first listing,
asked for on another connection, that has the item.
"""
import http.client
import os
import re
import sys
import threading
import time

import lib

CLIENTS = 8


def post(staff, form, title):
    """Sends the editor's form as the browser does; each needs its own request id."""
    fields = {**form, "request_id": os.urandom(16).hex(), "title": title}
    body, kind = lib.multipart(fields)
    if staff.request("POST", "/admin/items", body, kind) != 303:
        sys.exit(f"a post answered {staff.status}: {staff.body[:300]}")


def editor_form(staff):
    staff.request("GET", "/admin/items/new")
    id_form = lib.hidden(staff.body, "request_id")
    if not re.fullmatch("[0-9a-f]{32}", id_form):
        sys.exit(f"request ids are no longer like those made here: {id_form}")
    return {"csrf": lib.hidden(staff.body, "csrf"), "version": lib.hidden(staff.body, "version"), "type": "news",
            "summary": "Members met to share what they had learnt. " * 3, "body": "Words in *CommonMark*.\n\n" * 20,
            "places": "Nepal, Viet Nam", "topics": "Policy", "lang": "en", "action": "publish", "date": "2026-06-01",
            "kicker": "", "link": "", "slug": "", "publish_at": "", "aliases": ""}


def posts_a_second(address, clients, count, mark):
    staff = [lib.Staff(address) for _ in range(clients)]
    form = [editor_form(one) for one in staff]
    numbers = iter(range(count))

    def work(which):
        for number in numbers:  # shared by the threads
            post(staff[which], form[which], f"Posted {mark} {number}")

    threads = [threading.Thread(target=work, args=(which,)) for which in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - begun)


def syncs_a_second(folder, count):
    with open(f"{folder}/sync", "wb") as file:
        begun = time.perf_counter()
        for _ in range(count):
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - begun)


def visible_ms(address, count, mark):
    """For each post, milliseconds from the 303 to a listing that has it; and how many had to look more than once."""
    staff = lib.Staff(address)
    form = editor_form(staff)
    reader = http.client.HTTPConnection(address, timeout=60)
    times, again = [], 0
    for number in range(count):
        title = f"Seen {mark} {number}"
        post(staff, {**form, "date": "2030-01-01"}, title)
        begun = time.perf_counter()
        for look in range(1000):
            reader.request("GET", "/")
            if title in reader.getresponse().read().decode():
                break
        else:
            sys.exit("a post did not show in a thousand requests")
        times.append((time.perf_counter() - begun) * 1000)
        again += look > 0
    return times, again


def main():
    with lib.Bench("posts", __doc__, {"--posts": 300}) as bench:
        database = bench.copy_of_items(bench.pick(1000, 1000, 100))
        lib.add_staff(bench, database)
        server = bench.warta(database, threads=os.cpu_count())
        count = bench.pick(bench.options.posts, bench.options.posts // 3, 10)
        rates = {"the disk alone": [], "one at a time": [], f"{CLIENTS} at once": []}
        seen, again = [], 0
        for turn in range(bench.rounds):
            rates["the disk alone"].append(syncs_a_second(bench.folder, count))
            rates["one at a time"].append(posts_a_second(server.address, 1, count, f"{turn} alone"))
            rates[f"{CLIENTS} at once"].append(posts_a_second(server.address, CLIENTS, count, f"{turn} together"))
            times, looked_again = visible_ms(server.address, bench.pick(50, 20, 5), turn)
            seen += times
            again += looked_again
        print()
        lib.table(["durable, a second", "median", "least", "most"],
                  [[name, lib.median(rate), min(rate), max(rate)] for name, rate in rates.items()])
        bench.details = {"a_second": rates, "visible_ms": seen, "looked_again": again}
        alone, together = rates["one at a time"], rates[f"{CLIENTS} at once"]
        bench.figure("posts_alone", "posts, one at a time", lib.median(alone), "a second")
        bench.figure("posts_together", f"posts, {CLIENTS} at once", lib.median(together), "a second")
        bench.figure("posts_disk", "posts, one at a time ÷ what the disk can do",
                     lib.ratio_of(alone, rates["the disk alone"]))
        bench.figure("visible", "from the 303 to the item on the listing", lib.median(seen), "ms")
        bench.figure("visible_p99", "the same, p99", sorted(seen)[int(len(seen) * 0.99)], "ms")
        bench.figure("visible_late", f"of {len(seen):,} posts, not on the very next page", again, bar=0)


if __name__ == "__main__":
    main()
