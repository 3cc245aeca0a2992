"""The largest file that is taken, and one byte more, as a browser sends them, with the limit as it is when nobody sets it."""
import os
import sys
import threading

# The address sanitizer would keep what the server gives back.
os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import Site, Staff, check, run

MIB = 1 << 20
LIMIT = 25 * MIB
HELD_MAX = LIMIT * 3 // 4


def pdf(length):
    head, tail = b"%PDF-1.4\n", b"\n%%EOF\n"
    return head + b"x" * (length - len(head) - len(tail)) + tail


def multipart(fields, name, content):
    parts = [b'--warta\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (key.encode(), value.encode())
             for key, value in fields]
    parts += [b'--warta\r\nContent-Disposition: form-data; name="%b"; filename="report.pdf"\r\n'
              b"Content-Type: application/pdf\r\n\r\n" % name.encode(), content, b"\r\n--warta--\r\n"]
    return b"".join(parts)


def upload(staff, target, fields, name, length):
    head = {"Content-Type": "multipart/form-data; boundary=warta"}
    return staff.send(target, None, head, multipart(fields, name, pdf(length)))


def held(site):
    """The bytes that the server holds in memory of its own."""
    with open(f"/proc/{site.server.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:"))


class Watch:
    """The most that the server holds while something is done, above what it held before."""

    def __init__(self, site):
        self.site = site
        self.most = self.before = held(site)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, held(self.site))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def grown(self):
        return self.most - self.before


def largest_file():
    with Site() as site:
        site.user()
        staff = Staff(site.start())
        csrf = staff.form("/admin/files")[:1]
        with Watch(site) as watch:
            status, headers, page = upload(staff, "/admin/files", csrf, "file", LIMIT)
        check(status == 303, f"25 MiB are answered with {status}: {page[:2000]}")
        check(watch.grown() < HELD_MAX, f"the server held {watch.grown()} bytes more meanwhile")
        status, headers, _ = site.get("/admin/files/1/content/report.pdf", {"Cookie": staff.cookie})
        check(status == 200 and int(headers["Content-Length"]) == LIMIT, f"it comes back with {status}, {headers}")

        status, _, page = upload(staff, "/admin/files", csrf, "file", LIMIT + 1)
        check(status == 413 and "A file may have up to 25 MB, and this one has 1 byte more." in page, page[:4000])
        status, _, page = upload(staff, "/admin/items", staff.item(title="Kept"), "upload", LIMIT + 1)
        check(status == 422 and "up to 25 MB, and this one has 1 byte more." in page, f"{status}: {page[:4000]}")
        check(">Kept</textarea>" in page, "what was typed is lost")
        check(site.get("/admin/files/2/content/report.pdf", {"Cookie": staff.cookie})[0] == 404, "it is stored all the same")


if __name__ == "__main__":
    sys.exit(run([largest_file]))
