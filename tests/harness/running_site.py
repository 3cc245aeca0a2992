"""A running server in a folder of its own, and a member of staff at work on it, for tests in Python.

The program is the one named in $WARTA. Everything is gone when the `with` block ends.
"""
import html
import http.client
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

WARTA = os.environ["WARTA"]
PATIENCE_S = 60
PASSWORD = "the tiger swims at dawn"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WARTA")}


class Wrong(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Wrong(what)


class Site:
    """A folder with warta.db, and a server on it once it is started."""

    def __init__(self, folder=None, parent=None):
        self.folder = folder or tempfile.mkdtemp(prefix="warta-test-", dir=parent)
        self.database = os.path.join(self.folder, "warta.db")
        self.server = None
        self.log_path = tempfile.mkstemp(prefix="warta-test-log-")[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.unlink(self.log_path)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *words, code=0, text=None):
        """A verb on this site's database: what it said on both outputs."""
        done = subprocess.run([WARTA, *words, "--database", self.database], input=text, env=ENVIRONMENT, text=True,
                              capture_output=True, timeout=PATIENCE_S, check=False)
        said = done.stdout + done.stderr
        check(code is None or done.returncode == code, f"warta {' '.join(words)} ended with {done.returncode}: {said}")
        return said

    def user(self, name="ana", role="admin"):
        self.run("user", "add", name, "--role", role, "--password-stdin", "--password-memory", "8", text=PASSWORD + "\n")

    def start(self, before=(), wait=True, listen="127.0.0.1:0", threads=2, flags=()):
        """Starts the server, by way of the command `before`; without `wait` it may be anywhere on its way."""
        command = [*before, WARTA, "serve", "--database", self.database, "--listen", listen,
                   "--password-memory", "8", "--threads", str(threads), *flags]
        with open(self.log_path, "ab") as log:
            self.server = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=log, text=True)
        if wait:
            line = self.server.stdout.readline()
            found = re.search(r"listening on (?:http://([\d.]+):(\d+)|unix:(.+))", line)
            check(found, f"the server did not start: {line}{self.log()}")
            self.address = found[3] or (found[1], int(found[2]))
        return self

    def end(self, how):
        if self.server is not None:
            self.server.send_signal(how)
            self.server.wait(PATIENCE_S)
            self.server.stdout.close()
            self.server = None

    def stop(self):
        self.end(signal.SIGTERM)

    def kill(self):
        self.end(signal.SIGKILL)

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def get(self, target, headers=None):
        return self.request("GET", target, None, headers or {})

    def request(self, method, target, body, headers):
        """Status, headers and text of an answer."""
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE_S)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


def fields_of(page, mark='name="csrf"'):
    """What a browser would send of the first form with `mark` in it, without buttons and files."""
    for form in re.findall(r"<form.*?</form>", page, re.S):
        if mark not in form:
            continue
        fields = []
        for tag in re.findall(r'<input [^>]*>', form):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and not re.search(r'type="(file|radio|checkbox)"', tag):
                fields.append((name[1], html.unescape(value[1]) if value else ""))
        for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.S):
            fields.append((name, html.unescape(value)))
        for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
            chosen = re.search(r'value="([^"]*)"[^>]* selected', options) or re.search(r'value="([^"]*)"', options)
            fields.append((name, html.unescape(chosen[1])))
        return fields
    raise Wrong(f"no form with {mark} on the page: {page[:2000]}")


class Staff:
    """A browser's window, logged in."""

    def __init__(self, site, name="ana"):
        self.site = site
        self.cookie = ""
        status, _, _ = self.send("/admin/login", [*self.form("/admin/login"), ("username", name), ("password", PASSWORD)])
        check(status == 303, f"the login answered {status}")

    def look(self, target):
        status, headers, page = self.site.get(target, {"Cookie": self.cookie})
        self.keep(headers)
        check(status == 200, f"{target} answered {status}")
        return page

    def keep(self, headers):
        if headers["Set-Cookie"]:
            self.cookie = headers["Set-Cookie"].split(";")[0]

    def form(self, target, mark='name="csrf"'):
        return [field for field in fields_of(self.look(target), mark) if field[0] not in ("username", "password")]

    def send(self, target, fields, head=None, body=None):
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded", **(head or {})}
        answer = self.site.request("POST", target, body or urllib.parse.urlencode(fields), headers)
        self.keep(answer[1])
        return answer

    def item(self, **values):
        """Fills in the form of a new item."""
        fields = dict(self.form("/admin/items/new", 'name="title"'))
        fields.update({"type": "news", "lang": "en", "summary": "In a few words.", **values})
        return list(fields.items())

    def post(self, **values):
        """Publishes an item: its number, once it was acknowledged."""
        status, headers, page = self.send("/admin/items", [*self.item(**values), ("action", "publish")])
        check(status == 303, f"the item was answered with {status}: {page[:3000]}")
        return int(re.search(r"/admin/items/(\d+)", headers["Location"])[1])


def run(scenes):
    """Runs test functions in turn; the last line says how many passed."""
    failed = 0
    for scene in scenes:
        try:
            scene()
            print(f"ok      {scene.__name__}", flush=True)
        except Exception as error:  # a scene that breaks in any way has failed
            failed += 1
            print(f"FAILED  {scene.__name__}: {error!r}", flush=True)
    print(f"{len(scenes) - failed} passed, {failed} failed")
    return 1 if failed else 0
