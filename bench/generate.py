#!/usr/bin/env python3
"""Prints a JSON array of invented items for import: bench/generate.py COUNT [SEED]. The same numbers give the same items."""
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
    return " ".join(chooser.choice(WORDS) for _ in range(count)).capitalize()


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


def main():
    count = int(sys.argv[1])
    chooser = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print("[")
    for number in range(count):
        print(json.dumps(item(chooser, number)), end=",\n" if number < count - 1 else "\n")
    print("]")


if __name__ == "__main__":
    main()
