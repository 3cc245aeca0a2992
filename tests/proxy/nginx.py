"""deploy/nginx.conf and deploy/nginx-subpath.conf.

    WARTA=build/dev/warta python3 tests/proxy/nginx.py
"""
import http.client
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import proxy_scenes as scenes
from proxies import behind
from running_site import check, run

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def plain_http_leads_to_tls(way):
    connection = http.client.HTTPConnection("127.0.0.1", way.plain_port, timeout=60)
    connection.request("GET", way.prefix + "/?type=news", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    check(answer.status == 308 and answer.headers["Location"] == f"https://{way.name}{way.prefix}/?type=news",
          f"answered with {answer.status}: {answer.headers}")
    connection.close()


def a_flood_of_logins_is_kept_away(way):
    """From one address; another can log in, and everybody can look."""
    flood = way.reader("127.0.0.3")
    for _ in range(100):
        status, _, _ = flood.request("POST", "/admin/login", "a=b", {**FORM, "Origin": "https://elsewhere.example"})
        check(status in (403, 429), f"answered with {status}")
        if status == 429:
            break
    check(status == 429, "100 logins came through at once")
    check(flood.get("/admin/login")[0] == 200 and flood.get("/")[0] == 200, "nor may it look")
    way.staff()


def the_doctor_is_told_the_host(way):
    page = way.staff().look("/admin/doctor")
    check(f"<dt>Host</dt><dd>{way.name}</dd>" in page, f"another host: {page}")


def at_the_root():
    with behind("nginx") as way:
        scenes.fill(way)
        trickled = scenes.trickle(way)
        plain_http_leads_to_tls(way)
        the_doctor_is_told_the_host(way)
        scenes.cookies_are_bound(way)
        scenes.forms_from_elsewhere_are_refused(way)
        scenes.the_host_is_not_believed(way)
        scenes.each_is_sent_a_coding_it_takes(way)
        scenes.the_clients_address_is_its_own(way)
        scenes.numbers_are_for_the_networks_named(way)
        scenes.staffs_pages_are_theirs(way, on_disk=True)
        scenes.large_files_come_through(way)
        scenes.every_link_leads_within(way)
        a_flood_of_logins_is_kept_away(way)
        scenes.a_publish_shows(way, within_s=3)
        withdrawn = scenes.a_withdrawn_item_is_gone(way, within_s=3)
        scenes.a_stopped_site_is_still_read(way, withdrawn)
        trickled()


def below_a_path(strip, unix):
    with behind("nginx", prefix="/news", strip=strip, unix=unix) as way:
        scenes.fill(way)
        plain_http_leads_to_tls(way)
        the_doctor_is_told_the_host(way)
        scenes.cookies_are_bound(way)
        scenes.forms_from_elsewhere_are_refused(way)
        scenes.the_host_is_not_believed(way)
        scenes.the_clients_address_is_its_own(way)
        scenes.numbers_are_for_the_networks_named(way)
        scenes.staffs_pages_are_theirs(way, on_disk=True)
        scenes.large_files_come_through(way)
        scenes.every_link_leads_within(way)


def with_the_prefix_kept():
    below_a_path(strip=False, unix=True)


def with_the_prefix_taken_off():
    below_a_path(strip=True, unix=False)


if __name__ == "__main__":
    sys.exit(run([at_the_root, with_the_prefix_kept, with_the_prefix_taken_off]))
