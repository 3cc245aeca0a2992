"""deploy/varnish.vcl.

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
        scenes.fill(way)
        scenes.cookies_are_bound(way)
        scenes.forms_from_elsewhere_are_refused(way)
        scenes.the_host_is_not_believed(way)
        scenes.each_is_sent_a_coding_it_takes(way)
        scenes.the_clients_address_is_its_own(way)
        scenes.numbers_are_for_the_networks_named(way)
        scenes.staffs_pages_are_theirs(way)
        scenes.large_files_come_through(way)
        scenes.a_publish_shows(way, within_s=3)
        withdrawn = scenes.a_withdrawn_item_is_gone(way, within_s=3)
        scenes.a_stopped_site_is_still_read(way, withdrawn)


def below_a_path():
    with behind("varnish", prefix="/news") as way:
        scenes.fill(way)
        scenes.cookies_are_bound(way)
        scenes.staffs_pages_are_theirs(way)
        scenes.large_files_come_through(way)


if __name__ == "__main__":
    sys.exit(run([at_the_root, below_a_path]))
