"""deploy/nginx.conf and deploy/nginx-subpath.conf.

    WARTA=build/dev/warta python3 tests/proxy/nginx.py
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import proxy_scenes as scenes
from proxies import behind
from running_site import run


def at_the_root():
    with behind("nginx") as way:
        trickled = scenes.trickle(way)
        scenes.at_work(way, on_disk=True)
        scenes.a_flood_of_logins_is_kept_away(way)
        scenes.a_stampede_is_one_request(way, "/?nobody-else-asks")
        scenes.a_publish_shows(way, within_s=3)
        scenes.a_stampede_is_one_request(way, "/?nobody-else-asks", had=15)
        scenes.pages_outlive_the_site(way, within_s=3)
        trickled()


def with_the_prefix_kept():
    with behind("nginx", prefix="/news", unix=True) as way:
        scenes.at_work(way, on_disk=True)
        scenes.a_flood_of_logins_is_kept_away(way)


def with_the_prefix_taken_off():
    with behind("nginx", prefix="/news", strip=True) as way:
        scenes.at_work(way, on_disk=True)
        scenes.a_flood_of_logins_is_kept_away(way)


if __name__ == "__main__":
    sys.exit(run([at_the_root, with_the_prefix_kept, with_the_prefix_taken_off]))
