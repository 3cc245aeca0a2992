"""deploy/apache.conf and deploy/apache-subpath.conf.

    WARTA=build/dev/warta python3 tests/proxy/apache.py
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import proxy_scenes as scenes
from proxies import behind
from running_site import run


def at_the_root():
    with behind("apache") as way:
        scenes.fill(way)
        scenes.cookies_are_bound(way)
        scenes.forms_from_elsewhere_are_refused(way)
        scenes.the_host_is_not_believed(way)
        scenes.each_is_sent_a_coding_it_takes(way)
        scenes.the_clients_address_is_its_own(way)
        scenes.numbers_are_for_the_networks_named(way)
        scenes.staffs_pages_are_theirs(way)
        scenes.large_files_come_through(way)
        scenes.a_publish_shows(way, within_s=0)


def below_a_path(strip):
    with behind("apache", prefix="/news", strip=strip) as way:
        scenes.fill(way)
        scenes.cookies_are_bound(way)
        scenes.forms_from_elsewhere_are_refused(way)
        scenes.the_host_is_not_believed(way)
        scenes.the_clients_address_is_its_own(way)
        scenes.numbers_are_for_the_networks_named(way)
        scenes.large_files_come_through(way)
        scenes.every_link_leads_within(way)


def with_the_prefix_kept():
    below_a_path(strip=False)


def with_the_prefix_taken_off():
    below_a_path(strip=True)


if __name__ == "__main__":
    sys.exit(run([at_the_root, with_the_prefix_kept, with_the_prefix_taken_off]))
