"""The numbers for Prometheus: well-formed by its own checker, right, and only for whom they are.

    WARTA=build/warta WARTA_SOURCE_DIR=. python3 tests/e2e/metrics.py
"""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
SOURCE = os.environ.pop("WARTA_SOURCE_DIR")
from running_site import PATIENCE_S, Site, Staff, check, run

SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")


def metrics(site, **labels):
    """Samples by name and labels, as {"warta_items{status=\"draft\"}": 0.0}."""
    status, headers, text = site.get("/metrics")
    check(status == 200, f"answered {status}")
    check(headers["Cache-Control"] == "no-store" and headers["Content-Type"].startswith("text/plain; version=0.0.4"), str(headers))
    samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            check(match, f"no sample: {line}")
            key = line.rsplit(" ", 1)[0]
            check(key not in samples, f"twice: {key}")
            samples[key] = float(match[3])
    return text, samples


def the_checker_is_content():
    with Site() as site:
        site.user()
        site.start()
        Staff(site).post(title="Counted")
        for target in ("/", "/", "/items.json", "/nothing", "/?type=news"):
            site.get(target)
        text, _ = metrics(site)
        checked = subprocess.run([os.path.join(SOURCE, "build/tools/promtool"), "check", "metrics"], input=text, text=True,
                                 capture_output=True, timeout=PATIENCE_S, check=False)
        check(checked.returncode == 0 and checked.stdout + checked.stderr == "", checked.stdout + checked.stderr)


def the_numbers_are_right():
    with Site() as site:
        site.user()
        site.start()
        staff = Staff(site)
        staff.post(title="Counted")
        _, before = metrics(site)
        for _ in range(5):
            site.get("/?type=news")
        site.get("/nothing")
        site.get("/?year=x")
        _, after = metrics(site)

        def more(key):
            return after.get(key, 0) - before.get(key, 0)

        for key, expected in (('warta_http_requests_total{method="GET",route="/",status="200"}', 5),
                              ('warta_http_requests_total{method="GET",route="/",status="400"}', 1),
                              ('warta_http_requests_total{method="-",route="-",status="404"}', 1),
                              ('warta_http_requests_total{method="GET",route="/metrics",status="200"}', 1),
                              ("warta_cache_hits_total", 4), ("warta_cache_misses_total", 1),
                              ('warta_http_request_duration_seconds_count{lane="kept"}', 4),
                              ('warta_http_request_duration_seconds_bucket{lane="kept",le="+Inf"}', 4)):
            check(more(key) == expected, f"{key}: {more(key)} more, not {expected}")
        check(after['warta_items{status="published"}'] == 1 and after['warta_items{status="draft"}'] == 0, "other items")
        check(after["warta_sessions"] == 1, "other sessions")
        check(after["warta_database_bytes"] == os.path.getsize(site.database), "another size of the database")
        check(after['warta_statement_duration_seconds_count{statement="commit"}'] >= 2, "no commits")
        check(more('warta_statement_duration_seconds_sum{statement="listing_total"}') > 0, "a statement took no time")
        check(after["warta_cache_pages"] >= 1 and after["warta_cache_bytes"] > 1000, "no pages kept")
        check({key for key in after if key.startswith("process_")} == {
            "process_cpu_seconds_total", "process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds"},
            "other numbers of the process")
        check(after["process_open_fds"] > 5 and after["process_resident_memory_bytes"] > 1e6, "no process")
        check(after["process_cpu_seconds_total"] > 0, "no processor time")
        check(any(key.startswith("warta_build_info{version=") for key in after), "no version")
        buckets = [value for key, value in after.items() if key.startswith('warta_http_request_duration_seconds_bucket{lane="slow"')]
        check(buckets == sorted(buckets) and buckets[-1] > 0, f"buckets do not add up: {buckets}")


def only_for_whom_they_are():
    with Site() as site:
        site.start()
        status, _, page = site.get("/metrics", {"X-Forwarded-For": "203.0.113.7"})
        check(status == 404 and "warta_" not in page, f"a stranger was answered {status}")
        status, _, _ = site.get("/metrics", {"X-Forwarded-For": "203.0.113.7, 127.0.0.1"})
        check(status == 404, f"a stranger behind two proxies was answered {status}")
    with Site() as site:
        site.start(flags=["--metrics-from", "203.0.113.0/24"])
        check(site.get("/metrics")[0] == 404, "it is for others now")
        check(site.get("/metrics", {"X-Forwarded-For": "203.0.113.7"})[0] == 200, "whom it is for was refused")
    with Site() as site:
        said = site.run("serve", "--metrics-from", "everybody", code=2)
        check("--metrics-from" in said and said.count("\n") == 1, said)


def the_dashboard_shows_what_there_is():
    with open(os.path.join(SOURCE, "deploy/grafana.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    shown = set(re.findall(r"\b(?:warta|process)_[a-z_]+", json.dumps([dashboard["panels"], dashboard["templating"]])))
    check(len(shown) > 15, f"only {shown}")
    with Site() as site:
        site.start()
        site.get("/")
        known = {key.split("{")[0] for key in metrics(site)[1]}
        check(shown <= known, f"not in /metrics: {shown - known}")


if __name__ == "__main__":
    sys.exit(run([the_checker_is_content, the_numbers_are_right, only_for_whom_they_are, the_dashboard_shows_what_there_is]))
