#!/usr/bin/env python3
"""Every bench runs and writes its figures. How large they are says nothing here; that they are there says that the commands
still fit the program."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXPECTED = {
    "cached": {"cached_listing_nginx", "cached_listing_epoll", "cached_listing_two_cores", "cached_listing_scale"},
    "listing": {"uncached_listing", "uncached_growth", "uncached_depth", "uncached_type", "uncached_item"},
    "readers": {"readers_logins", "readers_import", "readers_uploads"},
    "idle": {"idle_memory", "idle_each", "idle_p99", "idle_p50"},
    "start": {"start_100", "start_400", "start_memory", "served_memory", "served_flat", "program"},
    "posts": {"posts_alone", "posts_together", "posts_disk", "visible", "visible_p99"},
    "weight": {"weight"},
    "log": {"log_text", "log_json"},
    "hostile": {"hostile_anybody", "hostile_staff"},
}
# A hundred connections may fit into memory that was there before, and a line be less than a short round tells.
CAN_BE_NOTHING = {"idle_each", "log_text", "log_json", "hostile_anybody", "hostile_staff"}


def main():
    warta = os.environ["WARTA"]
    with tempfile.TemporaryDirectory(prefix="warta-smoke-") as folder:
        done = subprocess.run([sys.executable, ROOT / "bench/all.py", "--smoke", "--warta", warta, "--folder", folder],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        missing = []
        for name, keys in EXPECTED.items():
            path = Path(folder, f"{name}.json")
            values = {figure["key"]: figure["value"] for figure in json.loads(path.read_text())["figures"]} \
                if path.exists() else {}
            for key in keys:
                value = values.get(key)
                if not isinstance(value, (int, float)) or value <= 0 and key not in CAN_BE_NOTHING:
                    missing.append(f"{name}: {key} is {value}")
    if done.returncode != 0 or missing:
        print(done.stdout)
        sys.exit("\n".join(missing) or "a bench failed")
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    print(f"{len(EXPECTED)} benches, {len(rows) - 2} rows of figures")


if __name__ == "__main__":
    main()
