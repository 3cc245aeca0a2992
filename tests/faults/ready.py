"""/readyz says in words what a server lacks to be worked with, while /healthz says that it lives, and both go on by themselves.

A full disk is a small tmpfs where this user may mount one.
"""
import json
import os
import resource
import sqlite3
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import PATIENCE_S, Site, check, run
from small_disk import FullDisk, small_disk


def wait(is_so):
    end = time.monotonic() + PATIENCE_S
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)


def same(site, status, words):
    """Within a few seconds, as the server looks by itself."""
    wait(lambda: site.get("/readyz")[::2] == (status, words))
    answered, headers, said = site.get("/readyz")
    check(answered == status and said == words, f"/readyz answered {answered} {said!r}, not {status} {words!r}")
    check(headers["Cache-Control"] == "no-store", "somebody may keep the answer")
    check(site.get("/healthz")[::2] == (200, "alive\n"), "it says that it is dead")
    if status != 200:
        wait(lambda: "/readyz" in site.log())
        check("error" in site.log() and "/readyz" in site.log(), "nothing in the log")


def in_words():
    with Site() as site:
        site.start()
        same(site, 200, "ready\n")
        status, headers, said = site.get("/readyz", {"Accept": "application/json"})
        check(status == 200 and headers["Content-Type"] == "application/json" and json.loads(said) == {"status": "ready"}, said)
        check(json.loads(site.get("/healthz", {"Accept": "application/json"})[2]) == {"status": "alive"}, "other words")


def a_file_that_cannot_grow():
    with Site() as site:
        site.start()
        before = resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
        same(site, 503, "not ready: the database cannot be written: File too large\n")
        said = json.loads(site.get("/readyz", {"Accept": "application/json"})[2])
        check(said == {"status": "not ready", "detail": "the database cannot be written: File too large"}, str(said))
        resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE, before)
        same(site, 200, "ready\n")


def another_version():
    with Site() as site:
        site.start()
        database = sqlite3.connect(site.database, timeout=PATIENCE_S, isolation_level=None)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute(f"PRAGMA user_version = {version + 1}")
        same(site, 503, "not ready: the database is not of this program's version\n")
        check(site.folder not in site.get("/readyz")[2], "a path is shown")
        database.execute(f"PRAGMA user_version = {version}")
        same(site, 200, "ready\n")
        database.close()


def who_writes_is_no_matter():
    with Site() as site:
        site.start()
        database = sqlite3.connect(site.database, timeout=PATIENCE_S, isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        same(site, 200, "ready\n")
        database.close()


def a_database_that_cannot_be_read():
    with Site() as site:
        site.start()
        database = sqlite3.connect(site.database, timeout=PATIENCE_S, isolation_level=None)
        database.execute("ALTER TABLE type RENAME TO kind")
        same(site, 503, "not ready: the database cannot be read\n")
        database.execute("ALTER TABLE kind RENAME TO type")
        same(site, 200, "ready\n")
        database.close()


def a_full_disk():
    with small_disk("8m") as folder:
        if folder is None:
            return
        with Site(os.path.join(folder, "site")) as site:
            os.mkdir(site.folder)
            site.start()
            same(site, 200, "ready\n")
            with FullDisk(folder):
                same(site, 503, "not ready: the disk is full\n")
            same(site, 200, "ready\n")
            site.stop()


if __name__ == "__main__":
    sys.exit(run([in_words, a_file_that_cannot_grow, another_version, who_writes_is_no_matter, a_database_that_cannot_be_read,
                  a_full_disk]))
