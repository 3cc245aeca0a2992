"""What `warta check` and the doctor's page say of a site as it is kept and backed up."""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import Site, Staff, check, run

DAY_S = 86400


def says(text, *parts):
    for part in parts:
        check(part in text, f"not said: {part} in\n{text}")


def fact(page, name):
    found = re.search(rf"<dt>{name}</dt><dd>(.*?)</dd>", page)
    check(found, f"no fact {name}: {page}")
    return found[1]


def a_new_site_is_told_what_it_lacks():
    with Site() as site:
        site.run("import", "-", text="[]")
        said = site.run("check")
        says(said, ": whole\n", "Last backup      none", "warning: There is no admin who could log in.\n    Run: warta user add",
             "warning: No backup has been made", "note: No base-url is set")


def a_backup_is_noted():
    with Site() as site:
        site.user()
        site.run("backup", site.path("copy.db"))
        check("backup has been made" not in site.run("check"), "a backup is not noted")
        note = site.database + ".backed-up"
        past = time.time() - 9 * DAY_S
        os.utime(note, (past, past))
        says(site.run("check"), ", 9 days ago", "warning: The last backup was made 9 days ago.")
        site.run("backup", site.path("copy.db"))
        says(site.run("check"), ", 0 days ago")
        # A backup that fails is none.
        os.utime(note, (past, past))
        site.run("backup", site.path("nowhere/copy.db"), code=1)
        says(site.run("check"), ", 9 days ago")


def nothing_is_left_to_mend():
    with Site() as site:
        site.user()
        site.run("backup", site.path("copy.db"))
        said = site.run("check", "--base-url", "https://news.example.org")
        check("to mend: nothing\n" in said or "of the database's disk is free" in said, said)


def settings_that_hurt_are_named():
    with Site() as site:
        site.user()
        said = site.run("check", "--cache-size", "0", "--sandbox", "off", "--base-url", "http://news.example.org")
        says(said, "warning: Finished pages are not kept", "warning: The server does not confine itself",
             "warning: The site is at http://news.example.org, so passwords")


def damage_still_ends_with_1():
    with Site() as site:
        site.user()
        with open(site.database, "r+b") as file:
            file.seek(3 * 4096)
            file.write(b"\xff" * 2 * 4096)
        said = site.run("check", code=1)
        check(": whole" not in said, said)


def the_page_sees_the_server():
    with Site() as site:
        site.user()
        site.user("ben", "editor")
        site.start()
        ana = Staff(site)
        page = ana.look("/admin/doctor")
        whole = "sandbox: no new privileges; Landlock" in site.log() and ": not to be had" not in site.log()
        if whole:
            for name in ("No new privileges", "Files by Landlock", "Calls by seccomp"):
                check(fact(page, name) == "in force", f"{name}: {fact(page, name)}")
        check(float(fact(page, "Size").split()[0]) > 0, "the database has no size")
        check(re.match(r"[\d.]+ of [\d.]+ GB, \d+ %$", fact(page, "Free on the disk")), fact(page, "Free on the disk"))
        check(fact(page, "password-memory") == "8 (flag)", fact(page, "password-memory"))
        says(page, "No backup has been made")
        site.run("backup", site.path("copy.db"))
        says(ana.look("/admin/doctor"), ", 0 days ago")
        says(ana.look("/admin"), 'href="/admin/doctor"')
        ben = Staff(site, "ben")
        check('href="/admin/doctor"' not in ben.look("/admin"), "an editor is led to an admin's page")
        check(site.get("/admin/doctor", {"Cookie": ben.cookie})[0] == 403, "an editor sees the settings")


if __name__ == "__main__":
    sys.exit(run([a_new_site_is_told_what_it_lacks, a_backup_is_noted, nothing_is_left_to_mend, settings_that_hurt_are_named,
                  damage_still_ends_with_1, the_page_sees_the_server]))
