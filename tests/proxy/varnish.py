"""deploy/varnish.vcl, with deploy/varnish-tls.conf in front.

    WARTA=build/dev/warta python3 tests/proxy/varnish.py
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import proxy_scenes as scenes
from proxies import behind
from running_site import run


def at_the_root():
    with behind("varnish") as way:
        scenes.at_work(way)
        scenes.a_flood_of_logins_is_kept_away(way)
        scenes.a_stampede_is_one_request(way, "/?nobody-else-asks")
        scenes.a_publish_shows(way, within_s=3)
        scenes.a_stampede_is_one_request(way, "/?nobody-else-asks")
        scenes.pages_outlive_the_site(way, within_s=3)


def below_a_path():
    with behind("varnish", prefix="/news") as way:
        scenes.at_work(way)


if __name__ == "__main__":
    sys.exit(run([at_the_root, below_a_path]))
