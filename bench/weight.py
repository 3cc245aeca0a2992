#!/usr/bin/env python3
"""What a first visit has to carry: the listing of 20 items and its style sheets, in brotli, and how many requests it takes.

    bench/weight.py [--json FILE]

The items are those of samples/. Measured are the bytes that the server sends to a client that takes brotli; what it sends as
it is, is compressed here with brotli's program at quality 5, and the table says so.
"""
import html.parser
import subprocess

import lib

QUALITY = 5


class Parts(html.parser.HTMLParser):
    """What a browser fetches for a page."""

    def __init__(self, text):
        super().__init__()
        self.styles, self.icons, self.others, self.items = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        rel = (values.get("rel") or "").split()
        if tag == "link" and "stylesheet" in rel:
            self.styles.append(values["href"])
        elif tag == "link" and "icon" in rel:
            self.icons.append(values["href"])
        elif tag in ("script", "img", "iframe", "video", "audio", "source", "object", "embed"):
            self.others.append(values.get("src") or tag)
        self.items += tag == "article"


def weigh(server, target):
    _, headers, body = lib.get(server.address, target, {"Accept-Encoding": "br"})
    whole = len(lib.page(server.address, target))
    if headers.get("content-encoding") == "br":
        return whole, len(body), "sent"
    packed = subprocess.run([lib.tool("brotli"), "-q", str(QUALITY), "-c"], input=body, capture_output=True, check=True)
    return whole, len(packed.stdout), "compressed here"


def main():
    with lib.Bench("weight", __doc__) as bench:
        database = f"{bench.folder}/samples.db"
        for name in ("coop", "showcase"):
            bench.run("import", "--database", database, lib.ROOT / f"samples/{name}.json")
        server = bench.warta(database)
        parts = Parts(lib.page(server.address, "/").decode())
        rows = [[target, *weigh(server, target)] for target in ["/", *parts.styles, *parts.icons]]
        print()
        lib.table(["part", "bytes", "in brotli", ""], [[name, f"{whole:,}", f"{packed:,}", how]
                                                       for name, whole, packed, how in rows])
        bench.details = {"parts": rows, "items": parts.items, "other_requests": parts.others}
        needed = sum(row[2] for row in rows[:1 + len(parts.styles)])
        bench.figure("weight", f"listing of {parts.items} items and its style, in brotli", needed, "bytes", bar=14336)
        bench.figure("weight_requests", "requests beside page, style and icon", len(parts.others), bar=0)


if __name__ == "__main__":
    main()
