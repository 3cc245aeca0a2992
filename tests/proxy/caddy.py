"""deploy/Caddyfile and deploy/Caddyfile-subpath.

    WARTA=build/dev/warta python3 tests/proxy/caddy.py
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import proxy_scenes as scenes
from proxies import behind
from running_site import run


def at_the_root():
    with behind("caddy") as way:
        scenes.at_work(way)
        scenes.a_publish_shows(way, within_s=0)


def with_the_prefix_kept():
    with behind("caddy", prefix="/news") as way:
        scenes.at_work(way)


def with_the_prefix_taken_off():
    with behind("caddy", prefix="/news", strip=True) as way:
        scenes.at_work(way)


if __name__ == "__main__":
    sys.exit(run([at_the_root, with_the_prefix_kept, with_the_prefix_taken_off]))
