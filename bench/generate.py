#!/usr/bin/env python3
"""Prints a JSON array of invented items for import: bench/generate.py COUNT [FIRST [SEED]].

They are the items number FIRST (0) to FIRST + COUNT - 1 of an endless row. An item depends on its number and the seed (1)
alone, so a large set can be made, and imported, in parts.
"""
import json
import random
import sys

TYPES = ["news", "article", "project", "publication", "document", "event", "interview", "presentation"]
PLACES = ["Bangladesh", "Bhutan", "Cambodia", "China", "Fiji", "India", "Indonesia", "Japan", "Lao PDR", "Malaysia",
          "Mongolia", "Myanmar", "Nepal", "Pakistan", "Philippines", "Samoa", "Sri Lanka", "Thailand", "Tonga", "Viet Nam"]
TOPICS = ["Disability", "Education", "Energy", "Farming", "Finance", "Fishing", "Housing", "Law", "Migration", "Policy",
          "Statistics", "Trade", "Waste", "Women", "Youth"]
LANGS = ["en"] * 6 + ["fr", "es", "km", "th", "ne", "vi"]
WORDS = ("members cooperative training market village savings credit federation workshop policy women youth growers "
         "workers ministry partners study report guide services income equipment share decision meeting").split()


def words(chooser, count):
    return " ".join(chooser.choices(WORDS, k=count)).capitalize()


def item(chooser, number):
    made = {
        "title": f"{words(chooser, chooser.randint(4, 12))} {number}",
        "type": chooser.choice(TYPES),
        "lang": chooser.choice(LANGS),
        "summary": words(chooser, chooser.randint(15, 40)) + ".",
        "body": "\n\n".join(words(chooser, 60) + "." for _ in range(chooser.randint(0, 4))),
        "places": chooser.sample(PLACES, chooser.choice([0, 1, 1, 1, 2, 3])),
        "topics": chooser.sample(TOPICS, chooser.choice([0, 1, 1, 2])),
        "publish_at": "2026-01-01T00:00:00Z",
    }
    if chooser.random() < 0.95:
        made["date"] = f"{chooser.randint(2004, 2026)}-{chooser.randint(1, 12):02}-{chooser.randint(1, 28):02}"
    return made


def items(count, first=0, seed=1):
    for number in range(first, first + count):
        yield item(random.Random(f"{seed} {number}"), number)


def main():
    count, first, seed = [int(number) for number in sys.argv[1:]] + [0, 1][len(sys.argv) - 2:]
    print("[")
    for number, made in enumerate(items(count, first, seed), 1):
        print(json.dumps(made), end=",\n" if number < count else "\n")
    print("]")


if __name__ == "__main__":
    main()
