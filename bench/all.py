#!/usr/bin/env python3
"""Runs all benches, one after the other, and prints the table of README.

    bench/all.py [--quick] [--smoke] [--rounds 5] [--folder build/bench] [--table]

--table prints the table of the figures that are in the folder, and measures nothing.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import lib

BENCHES = ["cached", "listing", "readers", "idle", "start", "posts", "weight", "log", "hostile"]


def table(folder):
    found = [json.loads(path.read_text()) for name in BENCHES if (path := folder / f"{name}.json").exists()]
    print("\n| measure | figure | bar | met |\n| --- | --- | --- | --- |")
    for result in found:
        for figure in result["figures"]:
            print("| " + " | ".join(lib.figure_row(figure)) + " |")
    if found:
        last = found[-1]
        print(f"\n{last['warta']} on {last['machine']}; medians of {last['rounds']} rounds.")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, default=lib.ROOT / "build/bench")
    options.add_argument("--table", action="store_true")
    chosen, others = options.parse_known_args()
    failed = []
    for name in [] if chosen.table else BENCHES:
        print(f"\n== {name}", flush=True)
        (chosen.folder / f"{name}.json").unlink(missing_ok=True)
        words = [sys.executable, lib.BENCH / f"{name}.py", "--folder", chosen.folder, *others]
        if subprocess.run(words, check=False, preexec_fn=lib.end_with_parent).returncode != 0:
            failed.append(name)
    table(chosen.folder)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
