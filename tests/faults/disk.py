"""The disk fails under a running server: readers are served on, writers keep what they typed, and the same server goes on
once the disk is well again. And a disk that takes for ever holds nobody up but who writes.

A full disk is a small tmpfs where this user may mount one; faults of other kinds are put into the server's calls by strace,
and a limit on file sizes.
"""
import os
import re
import resource
import subprocess
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import PATIENCE_S, Site, Staff, check, fields_of, run
from small_disk import FullDisk, small_disk

BODY = "What was typed for an hour.\nIts second line & <more>.\n" + "And it goes on. " * 400
CARRIED = urllib.parse.urlencode({"type": "news", "lang": "en", "title": "Carried along", "body": BODY, "action": "publish"})


class Injected:
    """Every such call of the server fails, or waits, from when this was entered until it is left."""

    def __init__(self, site, call, what):
        self.site, self.call, self.what = site, call, what

    def __enter__(self):
        self.tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-p", str(self.site.server.pid), "-e", f"trace={self.call}", "-e",
             f"inject={self.call}:{self.what}", "-o", "/dev/null"], stderr=subprocess.PIPE, text=True)
        for thread in os.listdir(f"/proc/{self.site.server.pid}/task"):
            self.wait(thread)

    def wait(self, thread):
        """Until strace has attached to the thread."""
        while True:
            check(self.tracer.poll() is None, f"strace ended: {self.tracer.stderr.read() if self.tracer.poll() else ''}")
            with open(f"/proc/{self.site.server.pid}/task/{thread}/status", encoding="ascii") as status:
                if re.search(r"^TracerPid:\s*[1-9]", status.read(), re.M):
                    return

    def __exit__(self, *_):
        self.tracer.terminate()
        self.tracer.wait(PATIENCE_S)
        self.tracer.stderr.close()


class FileSizeLimit:
    """No file of the server may grow, as under an operator's limit."""

    def __init__(self, site):
        self.pid = site.server.pid

    def __enter__(self):
        self.before = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (4096, self.before[1]))

    def __exit__(self, *_):
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, self.before)


def read_on(site, item_id):
    for target, status in (("/", 200), ("/items.json", 200), (f"/items/{item_id}.json", 301), ("/items/before-the-fault", 200)):
        got = site.get(target)[0]
        check(got == status, f"a reader of {target} got {got}")


def refused(answer, *kept):
    status, headers, page = answer
    check(status == 503, f"answered {status}: {page[:1500]}")
    check("Retry-After" in headers and headers["Cache-Control"] == "no-store", f"headers: {headers}")
    for words in kept:
        check(words in page, f"the page does not keep {words!r}")
    return page


def whole_form(page, mark):
    fields = fields_of(page, mark)
    check(dict(fields).get("body", "").replace("\r\n", "\n").strip() == BODY.strip(), "the text is not as it was typed")
    return fields


def suffer(site, fault):
    """All that people do while the disk is at fault, and once it is not any more."""
    staff = Staff(site)
    item_id = staff.post(title="Before the fault")
    item = staff.item(title="During the fault", body=BODY)
    types = list({**dict(staff.form("/admin/types", 'id="name"')), "name": "Bulletin & more"}.items())
    stranger = Staff(site)
    pid = site.server.pid
    with fault:
        read_on(site, item_id)
        page = refused(staff.send("/admin/items", [*item, ("action", "publish")]), "During the fault", "still here")
        check(">It could not be saved just now." in page, "the reason is not told by itself")
        editor = whole_form(page, 'name="title"')
        page = refused(staff.send("/admin/types", types), "Bulletin &amp; more", "Send it again")
        again = fields_of(page, 'name="name"')
        refused(staff.send(f"/admin/items/{item_id}/trash", [("csrf", dict(item)["csrf"]), ("version", "1")]), "Send it again")
        stranger.cookie = ""
        login = [*stranger.form("/admin/login"), ("username", "ana"), ("password", "the tiger swims at dawn"),
                 ("carry_path", "/admin/items"), ("carry", CARRIED)]
        page = refused(stranger.send("/admin/login", login), "cannot be logged in just now", "Carried+along")
        login = list({**dict(fields_of(page, 'name="carry"')), "password": "the tiger swims at dawn"}.items())
        read_on(site, item_id)
        check(site.get("/admin", {"Cookie": staff.cookie})[0] == 200, "who is logged in is so no more")
    check(site.server.pid == pid and site.server.poll() is None, "the server has ended")
    status, headers, page = staff.send("/admin/items", [*editor, ("action", "publish")])
    check(status == 303, f"sent again: {status} {page[:1500]}")
    check(BODY.strip() in site.get("/items/during-the-fault.md")[2], "the item has not the text that was typed")
    status, _, page = staff.send("/admin/types", again)
    check(status == 303 and "Bulletin &amp; more" in staff.look("/admin/types"), f"the type sent again: {status}")
    status, _, page = stranger.send("/admin/login", login)
    check(status == 200 and "Carried along" in page, f"the login sent again: {status}")
    check(whole_form(page, 'name="title"'), "the form that waited is gone")
    site.stop()
    check("whole" in site.run("check"), "the database is damaged")


def injected(call, error):
    def scene():
        with Site() as site:
            site.user()
            site.start()
            suffer(site, Injected(site, call, f"error={error}"))
            check("503" in site.log() and "SQLite code" in site.log() or "full" in site.log() or "readonly" in site.log(),
                  f"the log does not name the cause: {site.log()}")
    scene.__name__ = f"{call} fails with {error}"
    return scene


def file_size_limit():
    with Site() as site:
        site.user()
        site.start()
        suffer(site, FileSizeLimit(site))


def with_picture(staff):
    """The fields of an item, and head and body of the request that sends them with a large file."""
    fields = staff.item(title="With a picture", body=BODY)
    boundary = "xYzzY"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in
             [*fields, ("action", "publish")]]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="upload"; filename="a.png"\r\n\r\n'
    body = ("".join(parts[:2]) + head).encode() + b"\x89PNG" * 50000 + b"\r\n" + \
        ("".join(parts[2:]) + f"--{boundary}--\r\n").encode()
    return fields, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body


def upload_without_room(site, staff):
    """What was typed beside a file is kept, though there is no room for the file."""
    _, kind, body = with_picture(staff)
    page = refused(staff.send("/admin/items", None, kind, body), "no room for the files", "chosen again")
    return whole_form(page, 'name="title"')


def spooled(site):
    """Whether a file of the server's has no name, as those of uploads."""
    folder = f"/proc/{site.server.pid}/fd"
    for fd in os.listdir(folder):
        try:
            if os.readlink(f"{folder}/{fd}").startswith(f"{site.folder}/#"):
                return True
        except FileNotFoundError:  # closed since
            pass
    return False


def held(call, begun, request, status):
    """While the server waits in that call for the disk, with the request at hand, readers of the same event loop are served."""
    def scene():
        with Site() as site:
            site.user()
            site.start(threads=1, flags=["--log-level", "error"])
            staff = Staff(site)
            item_id = staff.post(title="Before the fault")
            wal = os.path.getsize(site.database + "-wal")
            target, *form = request(staff)
            answers = []
            writer = threading.Thread(target=lambda: answers.append(staff.send(target, *form)))
            with Injected(site, call, "delay_enter=600s"):
                writer.start()
                while not begun(site, wal):
                    check(writer.is_alive(), f"answered without a {call}: {answers}")
                for _ in range(20):
                    read_on(site, item_id)
                check(writer.is_alive(), f"answered before the disk did: {answers}")
            writer.join(PATIENCE_S)
            check(answers and answers[0][0] == status, f"answered {answers and answers[0][0]} once the disk did")
    scene.__name__ = f"a {call} that takes for ever"
    return scene


def post_request(staff):
    return "/admin/items", [*staff.item(title="Slowly stored"), ("action", "publish")]


def upload_request(staff):
    _, kind, body = with_picture(staff)
    return "/admin/items", None, kind, body


def full_tmpfs():
    with small_disk("4m") as folder:
        if folder is None:
            return
        with Site(os.path.join(folder, "site")) as site:
            os.mkdir(site.folder)
            for left in (0, 10000, 100000):
                with FullDisk(folder, left):
                    last = site.run("serve", "--listen", "127.0.0.1:0", code=1).splitlines()[-1]
                    check(last.startswith("warta: ") and "make room" in last, f"{left}: {last}")
            site.user()
            site.start()
            suffer(site, FullDisk(folder))
            site.start()
            staff = Staff(site)
            with FullDisk(folder):
                fields = upload_without_room(site, staff)
                said = site.run("backup", site.path("copy.db"), code=1)
                check("make room" in said and said.count("\n") == 1, said)
                check(not [name for name in os.listdir(site.folder) if "copy" in name], "half a backup is left")
            check(staff.send("/admin/items", fields)[0] == 303, "the item sent again")
            site.run("backup", site.path("copy.db"))


def read_only_disk():
    """At start: one line that says why, and nothing is touched."""
    with small_disk("8m") as folder:
        if folder is None:
            return
        with Site(os.path.join(folder, "site")) as site, Site() as other:
            os.mkdir(site.folder)
            site.user()
            site.run("backup", site.path("copy.db"))
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
            try:
                for words in (("serve", "--listen", "127.0.0.1:0"), ("backup", site.path("new.db")),
                              ("restore", site.path("copy.db"))):
                    said = site.run(*words, code=1)
                    check(said.count("\n") == 1 and "site" in said and "ead-only" in said, f"{words}: {said}")
                said = site.run("check", code=1).splitlines()[-1]
                check("ead-only" in said, said)
                other.run("restore", site.path("copy.db"))  # a backup may lie on a disk that cannot be written
                other.start()
            finally:
                subprocess.run(["mount", "-o", "remount,rw", folder], check=True)


if __name__ == "__main__":
    FAULTS = [("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("pwrite64", "EROFS"), ("fdatasync", "EIO")]
    HELD = [("fdatasync", lambda site, wal: os.path.getsize(site.database + "-wal") > wal, post_request, 303),
            ("pwrite64", lambda site, _: spooled(site), upload_request, 422)]
    sys.exit(run([*(injected(*fault) for fault in FAULTS), *(held(*what) for what in HELD), file_size_limit, full_tmpfs,
                  read_only_disk]))
