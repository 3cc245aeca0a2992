"""The server on the wire: raw bytes on sockets, against the executable named in $WARTA.

    WARTA=build/warta python3 tests/server/wire.py [--slow]

Rows are what RFC 9112 calls well-formed and malformed, with the answers that are allowed. --slow adds a trickled body,
which takes half a minute to be shut.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

WARTA = os.environ["WARTA"]
PATIENCE_S = 60
HEAD_S = 10  # a head must be complete by then
BODY_S = 30

H = b"Host: a\r\n"
BAD, LARGE, TARGET, FIELDS = {400}, {413}, {414}, {431}
ANY = {200, 204, 303, 403, 404, 405, 415, 422, 501}  # the pipeline has answered, whatever it said
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def get(head=b"", target=b"/", version=b"HTTP/1.1", method=b"GET", host=H):
    return method + b" " + target + b" " + version + b"\r\n" + host + head + b"\r\n"


def post(head, body=b""):
    return get(head, method=b"POST") + body


# name, bytes, statuses allowed; the connection must then serve another request
GOOD = [
    ("plain GET", get(), {200}),
    ("query", get(target=b"/?lang=en"), {200}),
    ("unknown parameter", get(target=b"/?utm_source=x"), {200}),
    ("escaped slash in a query", get(target=b"/?next=%2Fadmin%2F..%2F"), {200}),
    ("unknown path", get(target=b"/nothing-here"), {404}),
    ("escaped path", get(target=b"/%E1%9E%81"), {404}),
    ("path of dots", get(target=b"/..."), {404}),
    ("two slashes", get(target=b"//a"), {404, 308}),
    ("HEAD", get(method=b"HEAD"), {200}),
    ("HEAD of an unknown path", get(target=b"/nothing-here", method=b"HEAD"), {404}),
    ("OPTIONS", get(method=b"OPTIONS"), {200, 204}),
    ("unknown method", get(method=b"BREW"), {405, 501}),
    ("method in lower case", get(method=b"get"), {405, 501}),
    ("DELETE", get(method=b"DELETE"), {405, 501}),
    ("TRACE", get(method=b"TRACE"), {405, 501}),
    ("empty lines before the request", b"\r\n\r\n" + get(), {200}),
    ("no space behind the colon", b"GET / HTTP/1.1\r\nHost:a\r\n\r\n", {200}),
    ("white space around a value", get(b"X-A: \t b \t\r\n"), {200}),
    ("empty value", get(b"X-A:\r\n"), {200}),
    ("bytes over 0x7f in a value", get(b"X-A: caf\xc3\xa9\r\n"), {200}),
    ("every token character in a name", get(b"!#$%&'*+-.^_`|~09azAZ: b\r\n"), {200}),
    ("Host with port", get(host=b"Host: example.org:8080\r\n"), {200}),
    ("Host of IPv6", get(host=b"Host: [::1]:8080\r\n"), {200}),
    ("several cookies", get(b"Cookie: a=b\r\nCookie: c=d\r\n"), {200}),
    ("64 headers", get(b"A: b\r\n" * 63), {200}),
    ("7 KB of headers", get(b"A: " + b"b" * 7000 + b"\r\n"), {200}),
    ("a query of 100 parts", get(target=b"/?" + b"a&" * 100), {200}),
    ("a target of 4096 bytes", get(target=b"/?" + b"a" * 4094), {200}),
    ("later minor version", get(version=b"HTTP/1.2"), {200, 505}),
    ("GET with Content-Length 0", get(b"Content-Length: 0\r\n"), {200}),
    ("GET with a body", get(b"Content-Length: 5\r\n") + b"hello", ANY),
    ("POST", post(b"Content-Length: 5\r\n", b"hello"), ANY),
    ("POST without a body", post(b"Content-Length: 0\r\n"), ANY),
    ("POST of 100 KB", post(b"Content-Length: 100000\r\n", b"b" * 100000), ANY),
    ("POST of NULs", post(b"Content-Length: 3\r\n", b"\0\0\0"), ANY),
    ("body that looks like a request", post(b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED), ANY),
    ("chunked", post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n"), ANY),
    ("chunked in upper case", post(b"Transfer-Encoding: CHUNKED\r\n", b"A\r\n0123456789\r\n0\r\n\r\n"), ANY),
    ("chunk extension", post(b"Transfer-Encoding: chunked\r\n", b"5;a=b\r\nhello\r\n0\r\n\r\n"), ANY),
    ("trailer", post(b"Transfer-Encoding: chunked\r\n", b"0\r\nCookie: a=b\r\nHost: b\r\n\r\n"), ANY),
]

# name, bytes, statuses allowed; nothing else may be answered, and the connection must then be closed
REFUSED = [
    ("no Host", get(host=b""), BAD),
    ("two Hosts", get(b"Host: b\r\n"), BAD),
    ("empty Host", get(host=b"Host:\r\n"), BAD),
    ("Host with a path", get(host=b"Host: a/b\r\n"), BAD),
    ("Host with a user", get(host=b"Host: a@b\r\n"), BAD),
    ("Host with a word as port", get(host=b"Host: a:b\r\n"), BAD),
    ("absolute target", get(target=b"http://evil.example/"), BAD),
    ("asterisk", get(target=b"*", method=b"OPTIONS"), BAD),
    ("authority", get(target=b"evil.example:443", method=b"CONNECT"), BAD),
    ("target without slash", get(target=b"index.html"), BAD),
    ("fragment", get(target=b"/#a"), BAD),
    ("%00 in the path", get(target=b"/a%00b"), BAD),
    ("%00 in the query", get(target=b"/?a=%00"), BAD),
    ("NUL in the target", get(target=b"/a\0b"), BAD),
    ("NUL in the query", get(target=b"/?a=\0b"), BAD),
    ("control in the target", get(target=b"/a\x01b"), BAD),
    ("CR in the target", get(target=b"/a\rb"), BAD),
    ("tab in the target", get(target=b"/a\tb"), BAD),
    ("byte over 0x7f in the target", get(target=b"/caf\xc3\xa9"), BAD),
    ("cut escape", get(target=b"/%4"), BAD),
    ("malformed escape", get(target=b"/?q=100%&a=b"), BAD),
    ("escaped slash", get(target=b"/a%2Fb"), BAD),
    ("escaped backslash", get(target=b"/a%5cb"), BAD),
    ("backslash", get(target=b"/a\\b"), BAD),
    ("dot segments", get(target=b"/../../etc/passwd"), BAD),
    ("escaped dot segments", get(target=b"/%2e%2E/etc/passwd"), BAD),
    ("one dot", get(target=b"/./"), BAD),
    ("space in the target", get(target=b"/a b"), BAD),
    ("two spaces before the target", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    ("two spaces before the version", b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    ("tab in the request line", b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", BAD | {None}),
    ("request line without a version", b"GET /\r\nHost: a\r\n\r\n", BAD | {505, None}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD | {505, None}),
    ("HTTP/0.9", get(version=b"HTTP/0.9"), BAD | {505, None}),
    ("version in lower case", get(version=b"http/1.1"), BAD | {505, None}),
    ("a TLS hello", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n\r\n", BAD | {None}),
    ("method with brackets", get(method=b"G(E)T"), BAD),
    ("method with a control", get(method=b"G\x01T"), BAD),
    ("NUL in the method", get(method=b"GE\0T"), BAD),
    ("LF alone at all ends", b"GET / HTTP/1.1\nHost: a\n\n", BAD),
    ("LF alone at the request line's end", b"GET / HTTP/1.1\nHost: a\r\n\r\n", BAD),
    ("LF alone at a header's end", b"GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", BAD),
    ("CR in a value", get(b"X-A: a\rb\r\n"), BAD),
    ("CR before a header", get(b"\rX-A: b\r\n"), BAD),
    ("NUL in a value", get(b"X-A: a\0b\r\n"), BAD),
    ("escape sequence in a value", get(b"X-A: \x1b[31m\r\n"), BAD),
    ("NUL in a name", get(b"X-\0A: b\r\n"), BAD),
    ("space before the colon", get(b"X-A : b\r\n"), BAD),
    ("space in a name", get(b"X A: b\r\n"), BAD),
    ("brackets in a name", get(b"X(A): b\r\n"), BAD),
    ("bytes over 0x7f in a name", get(b"X\xc3\xa9: b\r\n"), BAD),
    ("line without a colon", get(b"nonsense\r\n"), BAD),
    ("first header without a name", get(host=b": b\r\nHost: a\r\n"), BAD),
    ("header without a name", get(b": b\r\n" + SMUGGLED[:-2]), BAD),
    ("first line folded", get(host=b" X-A: b\r\nHost: a\r\n"), BAD),
    ("folded value", get(b"X-A: b\r\n c\r\n"), BAD),
    ("folded name", get(b"X: 1\r\n -Forwarded-For\r\n"), BAD),
    ("folded with a tab, twice", get(b"X-A: b\r\n\tc\r\n\td\r\n"), BAD),
    ("65 headers", get(b"A: b\r\n" * 64), FIELDS),
    ("40 KB of headers", get(b"A: " + b"b" * 40000 + b"\r\n"), FIELDS | {None}),
    ("a query of 100 parts and 4097 bytes", get(target=b"/?" + b"a&" * 100 + b"a" * 3895), TARGET),
    ("a query of 2000 parts", get(target=b"/?" + b"a&" * 2000), TARGET),
    ("a target of 4097 bytes", get(target=b"/?" + b"a" * 4095), TARGET),
    ("a target of 6 KB", get(target=b"/" + b"a" * 6000), TARGET),
    ("a target of 40 KB", get(target=b"/" + b"a" * 40000), TARGET | {None}),
    ("Content-Length twice", post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"), BAD),
    ("two Content-Lengths", post(b"Content-Length: 0\r\nContent-Length: 36\r\n", SMUGGLED), BAD),
    ("Content-Length list", post(b"Content-Length: 5, 5\r\n", b"hello"), BAD),
    ("signed Content-Length", post(b"Content-Length: +5\r\n", b"hello"), BAD),
    ("negative Content-Length", post(b"Content-Length: -5\r\n", b"hello"), BAD),
    ("hexadecimal Content-Length", post(b"Content-Length: 0x5\r\n", b"hello"), BAD),
    ("empty Content-Length", post(b"Content-Length:\r\n", b"hello"), BAD),
    ("Content-Length of 11 digits", post(b"Content-Length: 10000000000\r\n"), BAD | LARGE),
    ("Content-Length of 30 digits", post(b"Content-Length: " + b"9" * 30 + b"\r\n"), BAD | LARGE),
    ("larger body than is taken", post(b"Content-Length: 9999999999\r\n"), LARGE),
    ("the same, of one that waits", post(b"Expect: 100-continue\r\nContent-Length: 9999999999\r\n"), LARGE),
    ("chunked and Content-Length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + SMUGGLED), BAD),
    ("Content-Length and chunked", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED), BAD),
    ("chunked twice", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), BAD),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), BAD | {501}),
    ("identity", post(b"Transfer-Encoding: identity\r\n"), BAD | {501}),
    ("xchunked", post(b"Transfer-Encoding: xchunked\r\n"), BAD | {501}),
    ("chunked with a vertical tab", post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"), BAD),
    ("chunked in HTTP/1.0", get(b"Transfer-Encoding: chunked\r\n", version=b"HTTP/1.0", method=b"POST") + b"0\r\n\r\n", BAD),
    ("chunk size no number", post(b"Transfer-Encoding: chunked\r\n", b"x\r\nhello\r\n0\r\n\r\n"), BAD),
    ("negative chunk size", post(b"Transfer-Encoding: chunked\r\n", b"-5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("chunk size with 0x", post(b"Transfer-Encoding: chunked\r\n", b"0x5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("chunk size over 64 bits", post(b"Transfer-Encoding: chunked\r\n", b"1" + b"0" * 16 + b"\r\nhello\r\n"), BAD | LARGE),
    ("chunk longer than its size", post(b"Transfer-Encoding: chunked\r\n", b"3\r\nhello\r\n0\r\n\r\n"), BAD),
]


class Wrong(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Wrong(what)


class Client:
    """One connection, and what has come back on it."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(address)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent

    def receive(self):
        """Whether anything came before the end."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        except socket.timeout:
            raise Wrong("the connection was left open, with nothing sent") from None
        self.pending += data
        return data != b""

    def until_end(self):
        while self.receive():
            pass
        return self.pending

    def response(self, head=False):
        """Status, headers and body of the next response, or None at the end."""
        while b"\r\n\r\n" not in self.pending:
            if not self.receive():
                check(self.pending == b"", "the connection ended within a response's head")
                return None
        raw, self.pending = self.pending.split(b"\r\n\r\n", 1)
        lines = raw.decode("latin-1").split("\r\n")
        matched = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", lines[0])
        check(matched, f"a status line like {lines[0]!r}")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        status = int(matched[1])
        check("server" not in fields, "a Server header")
        check("date" in fields or status == 100, "no Date")
        length = 0 if head or status in (100, 204, 304) else int(fields["content-length"])
        while len(self.pending) < length:
            check(self.receive(), "the connection ended within a body")
        body, self.pending = self.pending[:length], self.pending[length:]
        return status, fields, body


def check_good(address, data, allowed):
    with Client(address) as client:
        client.send(data)
        answer = client.response(head=data.startswith(b"HEAD"))
        check(answer is not None, "closed without an answer")
        check(answer[0] in allowed, f"answered {answer[0]}, not {sorted(allowed)}")
        check(answer[1].get("connection", "").lower() != "close", "answered with Connection: close")
        check(client.pending == b"", "more than one answer")
        client.send(get())
        again = client.response()
        check(again is not None and again[0] == 200, "the connection does not serve another request")


def check_refused(address, data, allowed):
    with Client(address) as client:
        client.send(data)
        raw = client.until_end()
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", raw)] or [None]
        check(set(statuses) <= allowed, f"answered {statuses}, not {allowed}")
        check(len(statuses) == 1, f"answered {len(statuses)} times: {statuses}")
        if statuses != [None]:
            check(b"connection: close\r\n" in raw.lower(), "no Connection: close")
            check(b"evil" not in raw and b"smuggled" not in raw, "the client's text came back")
        if b"looked at" in raw or b"server takes" in raw:
            check(b"\r\nX-Content-Type-Options: nosniff\r\n" in raw and b"\r\nCache-Control: no-store\r\n" in raw,
                  "a page of the server's own without its headers")


def head_is_like_get(address):
    with Client(address) as client:
        client.send(get())
        _, fields, body = client.response()
        client.send(get(method=b"HEAD") + get(target=b"/nothing-here"))
        _, head_fields, _ = client.response(head=True)
        check(int(head_fields["content-length"]) == len(body) > 0, "HEAD has another Content-Length")
        check(head_fields.keys() == fields.keys(), "HEAD has other headers")
        check(client.response()[0] == 404, "HEAD was followed by a body")


def pipelined(address):
    with Client(address) as client:
        client.send(get() + get(target=b"/nothing-here") + post(b"Content-Length: 5\r\n", b"hello") + get())
        statuses = [client.response()[0] for _ in range(4)]
        check(statuses[:2] + statuses[3:] == [200, 404, 200], f"answered {statuses}")


def pipelined_behind_a_refusal(address):
    with Client(address) as client:
        client.send(get() + get(target=b"/%00") + SMUGGLED)
        check([client.response()[0], client.response()[0]] == [200, 400], "other answers")
        check(client.response() is None, "the request behind was answered")


def kept_alive(address):
    with Client(address) as client:
        for _ in range(200):
            client.send(get())
            check(client.response()[0] == 200, "not answered")


def closed_on_request(address):
    with Client(address) as client:
        client.send(get(b"Connection: close\r\n"))
        status, fields, _ = client.response()
        check(status == 200 and fields["connection"].lower() == "close", "no Connection: close")
        check(client.response() is None, "left open")


def http_1_0(address):
    for host in (b"", H):
        with Client(address) as client:
            client.send(get(version=b"HTTP/1.0", host=host))
            check(client.response()[0] == 200, "not answered")
            check(client.response() is None, "left open")
    with Client(address) as client:
        client.send(get(b"Connection: keep-alive\r\n", version=b"HTTP/1.0", host=b"") * 2)
        check([client.response()[0], client.response()[0]] == [200, 200], "not kept alive")


def continued(address):
    with Client(address) as client:
        client.send(post(b"Expect: 100-continue\r\nContent-Length: 5\r\n"))
        check(client.response()[0] == 100, "no 100 Continue")
        client.send(b"hello")
        check(client.response()[0] in ANY, "not answered")


def byte_by_byte(address):
    with Client(address) as client:
        for byte in get():
            client.send(bytes([byte]))
        check(client.response()[0] == 200, "not answered")


def half_closed(address):
    for data, status in ((get(), 200), (get(b"Connection: close\r\n"), 200), (get()[:-2], None), (b"", None)):
        with Client(address) as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            answer = client.response()
            # The end may be seen before the answer is made: then there is none.
            check(answer is None or answer[0] == status, f"answered {answer}")
            check(client.until_end() == b"", "more than that")


def reset(address):
    for data in (get(), get()[:-2], post(b"Content-Length: 500000\r\n", b"b" * 1000)):
        with Client(address) as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.send(data)
    kept_alive(address)


def too_long_in_chunks(address):
    with Client(address) as client:
        client.send(get(b"Transfer-Encoding: chunked\r\n", method=b"POST"))
        for _ in range(80):
            client.send(b"10000\r\n" + b"b" * 65536 + b"\r\n")
        client.send(b"0\r\n\r\n")
        check(client.response()[0] == 413, "not refused")
        check(client.response() is None, "left open")


def early_refusal_reaches_a_sender(address):
    with Client(address) as client:
        client.send(post(b"Content-Length: 9000000000\r\n", b"b" * 200000))
        check(client.response()[0] == 413, "not refused")


def login_takes_a_form_along(address):
    """A form of the largest size, which waits for a login, is encoded once more on its way through it."""
    for length, status in ((1 << 20, 403), (9 << 18, 413)):
        with Client(address) as client:
            form = b"carry=" + b"x" * length
            client.send(post(b"Content-Type: application/x-www-form-urlencoded\r\n"
                             b"Content-Length: %d\r\n" % len(form), form).replace(b" / ", b" /admin/login ", 1))
            check(client.response()[0] == status, f"{length} bytes: not {status}")


def many_at_once(address):
    clients = [Client(address) for _ in range(300)]
    for client in clients:
        client.send(get())
    check(all(client.response()[0] == 200 for client in clients), "not all were answered")
    for client in clients:
        client.socket.close()


def trickled(address, start, drop, limit_s):
    with Client(address) as client:
        began = time.monotonic()
        client.send(start)
        client.socket.settimeout(1)
        while time.monotonic() - began < limit_s + 6:
            client.send(drop)
            try:
                check(client.socket.recv(1) == b"", "answered")
                break
            except socket.timeout:
                continue
            except ConnectionResetError:
                break
        took = time.monotonic() - began
        check(limit_s - 2 < took < limit_s + 5, f"closed after {took:.1f} s, not {limit_s}")


SCENES = [head_is_like_get, pipelined, pipelined_behind_a_refusal, kept_alive, closed_on_request, http_1_0, continued,
          byte_by_byte, half_closed, reset, too_long_in_chunks, early_refusal_reaches_a_sender,
          login_takes_a_form_along, many_at_once]


class Server:
    def __init__(self, folder, listen, *flags):
        self.errors = open(os.path.join(folder, "errors"), "a+", encoding="utf-8")
        self.process = subprocess.Popen([WARTA, "serve", "--database", os.path.join(folder, "t.db"), "--listen", listen, *flags],
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline().strip()
        self.where = line.removeprefix("warta: listening on ")
        matched = re.fullmatch(r"http://127\.0\.0\.1:(\d+)", self.where)
        self.address = ("127.0.0.1", int(matched[1])) if matched else self.where.removeprefix("unix:")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def port_in_use(folder, server):
    for listen in ("127.0.0.1:%d" % server.address[1], "0.0.0.0:%d" % server.address[1]):
        second = subprocess.run([WARTA, "serve", "--database", os.path.join(folder, "t.db"), "--listen", listen],
                                capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        check(second.returncode == 1, f"exit {second.returncode}")
        check(second.stderr.count("\n") == 1 and listen in second.stderr and "in use" in second.stderr, second.stderr)


def bad_addresses(folder):
    for listen in ("nonsense", ":8080", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:8x", "::1:8080", "unix:",
                   "192.0.2.1:8080", "unix:/nonexistent/folder/s.sock", "unix:/" + "a" * 200):
        refused = subprocess.run([WARTA, "serve", "--database", os.path.join(folder, "t.db"), "--listen", listen],
                                 capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        check(refused.returncode in (1, 2) and "--listen" in refused.stderr, f"{listen}: {refused.stderr}")


def unix_socket(folder):
    path = os.path.join(folder, "s.sock")
    server = Server(folder, "unix:" + path)
    try:
        kept_alive(path)
        pipelined(path)
        server.process.kill()
        server.process.wait()
        check(os.path.exists(path), "nothing was left behind")
        server.kill()
        server = Server(folder, "unix:" + path)
        kept_alive(path)
        second = subprocess.run([WARTA, "serve", "--database", os.path.join(folder, "t.db"), "--listen", "unix:" + path],
                                capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        check(second.returncode == 1 and "in use" in second.stderr, second.stderr)
        kept_alive(path)
        check(server.stop() == 0, "did not exit with 0")
        check(not os.path.exists(path), "the socket was left behind")
    finally:
        server.kill()


def drained(server):
    with Client(server.address) as busy, Client(server.address) as idle:
        for client in (busy, idle):
            client.send(get())
            check(client.response()[0] == 200, "not answered")
        busy.send(get()[:-2])  # has begun when the server is told to stop
        time.sleep(0.2)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        try:
            Client(server.address)
            raise Wrong("a new connection was taken")
        except ConnectionRefusedError:
            pass
        busy.send(b"\r\n")
        status, fields, _ = busy.response()
        check(status == 200 and fields.get("connection", "").lower() == "close", "no Connection: close while stopping")
        check(busy.response() is None, "left open")
        check(idle.response() is None, "answered an idle client")
        check(server.process.wait(PATIENCE_S) == 0, "did not exit with 0")
        check(time.monotonic() - began < 5, "an idle client held the exit up")


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = []

    def run(self, name, scene, *arguments):
        try:
            scene(*arguments)
            self.passed += 1
        except Exception as error:  # whatever went wrong, the other scenes run
            self.failed.append(name)
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)


def tricklers(report, address):
    scenes = [("a trickled head", get()[:-2], b"X-A: b\r\n", HEAD_S), ("a trickled request line", b"GET /", b"a", HEAD_S)]
    if "--slow" in sys.argv:
        scenes.append(("a trickled body", post(b"Content-Length: 50000\r\n"), b"b", BODY_S))
    threads = [threading.Thread(target=report.run, args=(name, trickled, address, start, drop, limit))
               for name, start, drop, limit in scenes]
    for thread in threads:
        thread.start()
    return threads


def run(report, folder):
    items = os.path.join(folder, "items.json")
    with open(items, "w", encoding="utf-8") as file:
        json.dump([{"type": "news", "title": "On the wire", "date": "2019-08-30", "status": "published"}], file)
    subprocess.run([WARTA, "import", "--database", os.path.join(folder, "t.db"), items], check=True,
                   stdout=subprocess.DEVNULL)
    server = Server(folder, "127.0.0.1:0")
    try:
        threads = tricklers(report, server.address)
        for name, data, allowed in GOOD:
            report.run(name, check_good, server.address, data, allowed)
        for name, data, allowed in REFUSED:
            report.run(name, check_refused, server.address, data, allowed)
        for scene in SCENES:
            report.run(scene.__name__, scene, server.address)
        report.run("port_in_use", port_in_use, folder, server)
        report.run("bad_addresses", bad_addresses, folder)
        report.run("unix_socket", unix_socket, folder)
        for thread in threads:
            thread.join()
        report.run("drained", drained, server)
        server.errors.seek(0)
        noise = [line for line in server.errors if " error " in line or "anitizer" in line]
        report.run("nothing in the log", check, noise == [], noise)
    finally:
        server.kill()


def main():
    report = Report()
    folder = tempfile.mkdtemp(prefix="wire")
    try:
        run(report, folder)
    finally:
        shutil.rmtree(folder)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
