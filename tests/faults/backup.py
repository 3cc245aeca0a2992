"""Backup and restore while people are at work: copies are whole, and nobody's database is taken away under them."""
import os
import shutil
import signal
import sqlite3
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import WARTA, PATIENCE_S, Site, Staff, Wrong, check, run

POSTS = 1000
WRITERS = 2


def rows(path, sql):
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as database:
        return database.execute(sql).fetchall()


def titles(path):
    return {title for title, in rows(path, "SELECT title FROM item")}


def is_whole(path):
    return rows(path, "PRAGMA integrity_check") == [("ok",)] and rows(path, "PRAGMA foreign_key_check") == []


def file_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def backup_during_posts():
    """1,000 posts over HTTP, and backups meanwhile; each holds whatever was acknowledged before it began."""
    with Site() as site:
        site.user()
        site.start()
        acknowledged, wrong = [], []

        def write(number):
            try:
                staff = Staff(site)
                form = staff.item(title="")
                for i in range(POSTS // WRITERS):
                    title = f"Item {number} {i}"
                    fields = {**dict(form), "title": title, "request_id": f"{number:08x}{i:024x}", "action": "publish"}
                    status, _, page = staff.send("/admin/items", list(fields.items()))
                    check(status == 303, f"{title}: {status} {page[:2000]}")
                    acknowledged.append(title)
            except Exception as error:
                wrong.append(error)

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        backups = 0
        while any(writer.is_alive() for writer in writers):
            before = set(acknowledged)
            copy = site.path(f"copy-{backups % 2}.db")
            site.run("backup", copy)
            check(is_whole(copy), "a backup is damaged")
            missing = before - titles(copy)
            check(not missing, f"{len(missing)} acknowledged items are not in the backup")
            backups += 1
        for writer in writers:
            writer.join()
        check(not wrong, f"posting failed: {wrong[:2]}")
        check(len(acknowledged) == POSTS, f"{len(acknowledged)} posts")
        check(backups >= 2, f"only {backups} backups were made meanwhile")
        site.run("backup", site.path("last.db"))
        check(set(acknowledged) == titles(site.path("last.db")), "the last backup lacks items")
        check(not [name for name in os.listdir(site.folder) if "part" in name or name.startswith(("copy-0.db-", "copy-1.db-"))],
              f"files are left behind: {os.listdir(site.folder)}")
        print(f"        {backups} backups during {POSTS} posts")


def killed_backups():
    """A backup that is killed leaves no half copy under a name that counts, and does not keep the next one from working."""
    import subprocess
    with Site() as site:
        site.user()
        with sqlite3.connect(site.database) as database:
            database.execute("CREATE TABLE ballast AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 4000)"
                             " SELECT i, randomblob(4000) AS bytes FROM n")
        copy = site.path("copy.db")
        site.run("backup", copy)
        began = time.monotonic()
        site.run("backup", copy)
        whole_s = time.monotonic() - began
        before = file_bytes(copy)
        for i in range(12):
            process = subprocess.Popen([WARTA, "backup", copy, "--database", site.database], stdout=subprocess.DEVNULL)
            time.sleep(whole_s * i / 12)
            process.kill()
            process.wait(PATIENCE_S)
            check(file_bytes(copy) == before, "what has the name of a backup is not whole")
        site.run("backup", copy)
        check(os.listdir(site.folder).count("copy.db.warta-part") == 0, "what a killed backup left stays for ever")


def rotation():
    """--keep deletes the oldest of our own backups of this database, and nothing else."""
    with Site() as site:
        site.user()
        folder = site.path("backups")
        os.mkdir(folder)
        others = ["warta-20200101T000000Z.db.txt", "other-20200101T000000Z.db", "warta-20200101T0000Z.db", "notes.txt",
                  "warta-2020010xT000000Z.db"]
        site.run("backup", os.path.join(folder, "warta-20210101T000000Z.db"))
        for name in others:
            shutil.copy(os.path.join(folder, "warta-20210101T000000Z.db"), os.path.join(folder, name))
        with open(os.path.join(folder, "warta-20190101T000000Z.db"), "w", encoding="ascii") as file:
            file.write("words that somebody keeps under such a name")
        with sqlite3.connect(os.path.join(folder, "warta-20180101T000000Z.db")) as foreign:
            foreign.execute("CREATE TABLE a (b)")
        os.symlink(site.database, os.path.join(folder, "warta-20170101T000000Z.db"))
        for year in (2022, 2023, 2199):  # the last as if the clock had been ahead
            shutil.copy(os.path.join(folder, "warta-20210101T000000Z.db"), os.path.join(folder, f"warta-{year}0101T000000Z.db"))
        kept = set(os.listdir(folder)) - {f"warta-{year}0101T000000Z.db" for year in (2021, 2022)}
        said = site.run("backup", folder, "--keep", "3")
        check("warta-20210101T000000Z.db deleted" in said and "warta-20220101T000000Z.db deleted" in said, said)
        new = set(os.listdir(folder)) - kept
        check(kept <= set(os.listdir(folder)) and len(new) == 1, f"another file was deleted: {os.listdir(folder)}")
        site.run("backup", folder)
        check(os.path.exists(os.path.join(folder, "warta-20230101T000000Z.db")), "deleted without --keep")


def refusals():
    """What cannot be done is said in a line, and nothing is changed by it."""
    with Site() as site:
        site.user()
        site.run("backup", site.path("good.db"))
        with open(site.path("words"), "w", encoding="ascii") as file:
            file.write("not a database, but long enough to be one " * 30)
        damaged = bytearray(file_bytes(site.path("good.db")))
        damaged[4096 * 3:4096 * 9] = bytes(4096 * 6)
        with open(site.path("damaged.db"), "wb") as file:
            file.write(damaged)
        shutil.copy(site.path("good.db"), site.path("newer.db"))
        shutil.copy(site.path("good.db"), site.path("foreign.db"))
        for name, sql in (("newer.db", "PRAGMA user_version = 99"), ("foreign.db", "PRAGMA application_id = 7")):
            with sqlite3.connect(site.path(name)) as database:
                database.execute(sql)
        before = file_bytes(site.database)
        listed = sorted(os.listdir(site.folder))
        for words, said in [
                (("backup", site.path("words")), "no backup of warta"), (("backup", site.database), "the database itself"),
                (("backup", site.path("foreign.db")), "no backup of warta"), (("backup", "/no/such/folder/x.db"), "/no/such/folder"),
                (("restore", site.path("words")), "not a database"), (("restore", site.path("damaged.db")), "damaged"),
                (("restore", site.path("newer.db")), "newer warta"), (("restore", site.path("foreign.db")), "no database of warta"),
                (("restore", site.path("nothing.db")), "no such file"), (("restore", site.database), "the database itself")]:
            out = site.run(*words, code=1)
            check(said in out and out.count("\n") == 1, f"{words}: {out}")
            check(sorted(os.listdir(site.folder)) == listed, f"{words} left {sorted(os.listdir(site.folder))}")
        check(file_bytes(site.database) == before, "the database was changed")
        check(file_bytes(site.path("damaged.db")) == bytes(damaged), "the damaged backup was changed")
        for words in (("backup", "-"), ("backup", site.path("good.db"), "--keep", "3"), ("backup",), ("restore",)):
            site.run(*words, code=2)


def restore_and_server():
    """Refused while a server has the database, idle or not; then done, with what was there kept, and everybody logged out."""
    with Site() as site:
        site.user()
        site.start()
        staff = Staff(site)
        kept_id = staff.post(title="In the backup")
        site.run("backup", site.path("copy.db"))
        staff.post(title="After the backup")
        said = site.run("restore", site.path("copy.db"), code=1)
        check("another warta is at work" in said, said)
        check(site.get(f"/items/{kept_id}")[0] == 301, "the server was disturbed")
        site.kill()  # so that there is a log to bring in
        check(os.path.getsize(site.database + "-wal") > 0, "the server left no log behind")
        said = site.run("restore", site.path("copy.db"))
        check("everybody has to log in again" in said and "kept as" in said, said)
        replaced = [name for name in os.listdir(site.folder) if name.startswith("warta.db.replaced-")]
        check(len(replaced) == 1, f"kept: {replaced}")
        check(titles(site.path(replaced[0])) == {"In the backup", "After the backup"}, "what was replaced is not whole")
        check(titles(site.database) == {"In the backup"}, "the restored database holds something else")
        check(is_whole(site.database) and is_whole(site.path(replaced[0])), "damaged")
        site.start()
        check(site.get("/admin", {"Cookie": staff.cookie})[0] == 303, "a session came alive again")
        Staff(site).post(title="Goes on")


def restore_refuses_other_programs():
    """Whoever else has the database open, such as sqlite3, is found by the engine's own locks."""
    with Site() as site:
        site.user()
        site.run("backup", site.path("copy.db"))
        before = file_bytes(site.database)
        reader = sqlite3.connect(site.database)
        reader.execute("SELECT count(*) FROM item").fetchall()
        said = site.run("restore", site.path("copy.db"), code=1)
        check("locked" in said, said)
        reader.close()
        check(titles(site.database) == set() and len(file_bytes(site.database)) == len(before), "the database was changed")
        check(not [name for name in os.listdir(site.folder) if "replaced" in name or "part" in name], "something is left")
        site.run("restore", site.path("copy.db"))


def restore_of_damage():
    """A database that cannot be read is replaced all the same, and kept byte by byte with its side files."""
    with Site() as site:
        site.user()
        site.run("backup", site.path("copy.db"))
        for name, filling in (("warta.db", b"\xaa"), ("warta.db-wal", b"\xbb")):
            with open(site.path(name), "wb") as file:
                file.write(filling * 8192)
        said = site.run("restore", site.path("copy.db"))
        kept = said.split("kept as ")[1].strip()
        check(file_bytes(kept) == b"\xaa" * 8192, "what was replaced is not as it was")
        check(file_bytes(kept + "-wal") == b"\xbb" * 8192, "its log is not as it was")
        check(is_whole(site.database) and not os.path.exists(site.database + "-wal"), "the restored one is not whole")
        site.start()


def restore_where_there_is_none():
    """Also of an older schema, of a copy of a database with its log, and of one on a disk that cannot be written."""
    with Site() as site, Site() as other:
        site.user()
        site.start()
        Staff(site).post(title="Only in the log")
        site.end(signal.SIGKILL)
        check(b"Only in the log" not in file_bytes(site.database), "the log was brought in already")
        before = {name: file_bytes(site.path(name)) for name in ("warta.db", "warta.db-wal")}
        other.run("restore", site.database)
        check(titles(other.database) == {"Only in the log"}, "what stood in the log is missing")
        check(before == {name: file_bytes(site.path(name)) for name in before}, "the backup was changed")
        check(os.listdir(other.folder) == ["warta.db"], f"files: {os.listdir(other.folder)}")
        check(os.stat(other.database).st_mode & 0o7 == 0, "anybody may read it")
        other.start()


if __name__ == "__main__":
    sys.exit(run([backup_during_posts, killed_backups, rotation, refusals, restore_and_server,
                  restore_refuses_other_programs, restore_of_damage, restore_where_there_is_none]))
