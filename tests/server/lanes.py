"""Lanes and forms on the wire: what is slow must not hold up what is fast, and nothing that was taken may be lost.

    WARTA=build/warta python3 tests/server/lanes.py
"""
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
from wire import H, PATIENCE_S, Client, Report, Server, check, get, kept_alive

STORM = 200
ANSWERS = {401, 403, 422, 429, 503}
FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=xYz"
MIB = 1024 * 1024
RESET = b"\1\0\0\0\0\0\0\0"


class Visitor:
    """Somebody with the login form open."""

    def __init__(self, address):
        self.address = address
        with Client(address) as client:
            client.send(get(target=b"/admin/login"))
            self.status, fields, page = client.response()
        if self.status == 200:
            self.cookie = fields["set-cookie"].split(";")[0].encode()
            self.csrf = re.search(rb'name="csrf" value="([^"]+)"', page)[1]

    def post(self, target, kind, body, head=b""):
        length = b"" if b"chunked" in head else b"Content-Length: %d\r\n" % len(body)
        return (b"POST " + target + b" HTTP/1.1\r\n" + H + b"Cookie: " + self.cookie + b"\r\nContent-Type: " + kind +
                b"\r\n" + length + head + b"\r\n" + body)

    def login(self, number):
        """A wrong password, of another name and from another network each time, so that none has to wait."""
        body = b"csrf=" + self.csrf + b"&username=nobody%d&password=wrong-password-%d" % (number, number)
        return self.post(b"/admin/login", FORM, body, b"X-Forwarded-For: 10.%d.%d.1\r\n" % (number // 250, number % 250))


def part(name, value, more=b""):
    return b'--xYz\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


def file_part(value, name=b"../../x.png"):
    return part(b"file", value, b'; filename="' + name + b'"\r\nContent-Type: image/png')


def at_once(count, scene):
    """Runs a scene in as many threads; what each returned, or raised."""
    outcomes = [None] * count

    def run(number):
        try:
            outcomes[number] = scene(number)
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, outcomes


def join(threads, outcomes):
    for thread in threads:
        thread.join()
    wrong = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    check(not wrong, f"{len(wrong)} of {len(outcomes)} failed, as {wrong[:3]}")
    return outcomes


def log_in_wrongly(visitor, number):
    with Client(visitor.address) as client:
        client.send(visitor.login(number))
        status, fields, _ = client.response()
        check(status in ANSWERS, f"answered {status}")
        if status == 503:
            check("retry-after" in fields and fields["cache-control"] == "no-store", "503 without its headers")
            check(client.response() is None, "left open")
        return status


def readers_during_a_storm(visitor):
    threads, outcomes = at_once(STORM, lambda number: log_in_wrongly(visitor, number))
    read = 0
    with Client(visitor.address) as reader:
        while any(thread.is_alive() for thread in threads):
            reader.send(get())
            check(reader.response()[0] == 200, "a reader was not answered")
            read += 1
    statuses = join(threads, outcomes)
    check(422 in statuses, f"no password was ever looked at: {sorted(set(statuses))}")
    check(read > 0, "nothing was read meanwhile")


def clients_that_leave(visitor):
    def leave(number):
        with Client(visitor.address) as client:
            client.send(visitor.login(1000 + number))
            time.sleep(number % 5 * 0.01)
            if number % 2:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    join(*at_once(40, leave))
    kept_alive(visitor.address)
    began = time.monotonic()
    while log_in_wrongly(visitor, 1100) == 503:  # theirs are worked off first
        check(time.monotonic() - began < PATIENCE_S, "the lane stayed full")
        time.sleep(0.1)


def fast_behind_slow(visitor):
    with Client(visitor.address) as client:
        client.send((get(target=b"/admin/login") + get() + get(target=b"/nothing-here")) * 3)
        statuses = [client.response()[0] for _ in range(9)]
        check(statuses == [200, 200, 404] * 3, f"answered {statuses}")


def wrong_login_as(visitor, fields, pieces):
    with Client(visitor.address) as client:
        data = visitor.post(b"/admin/login", MULTIPART, fields, b"X-Forwarded-For: 10.9.9.9\r\n")
        step = len(data) // pieces + 1
        for start in range(0, len(data), step):
            client.send(data[start:start + step])
            time.sleep(0.005)
        return client.response()


def form_in_parts(visitor):
    fields = part(b"csrf", visitor.csrf) + part(b"username", "a \u1780&=%<\"".encode()) + part(b"password", b"") + b"--xYz--\r\n"
    for pieces in (1, 2, 50):
        status, _, page = wrong_login_as(visitor, fields, pieces)
        check(status in (422, 429), f"answered {status}")
        check("value=\"a \u1780&amp;=%&lt;&quot;\"".encode() in page, "the name came otherwise than it was sent")


def broken_forms(visitor):
    csrf = part(b"csrf", visitor.csrf)
    for kind, body in ((MULTIPART, csrf + b"--xYz"), (MULTIPART, csrf + file_part(b"cut")[:-2]), (MULTIPART, b"a=b"),
                       (MULTIPART, b""), (b"multipart/form-data", csrf + b"--xYz--"),
                       (b"multipart/form-data; boundary=", csrf + b"--xYz--")):
        with Client(visitor.address) as client:
            client.send(visitor.post(b"/admin/files", kind, body))
            check(client.response()[0] == 400, f"{kind} {body[-20:]} was taken")
            check(client.response() is None, "left open")


def files_of_nobody(visitor):
    """They are taken in, as the session may just have ended, and are gone with the answer."""
    body = part(b"csrf", visitor.csrf) + file_part(bytes(3 * MIB)) + file_part(b"", b"") + b"--xYz--\r\n"
    for head, data in ((b"", body), (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))):
        with Client(visitor.address) as client:
            client.send(visitor.post(b"/admin/files", MULTIPART, data, head))
            status, _, page = client.response()
            check(status == 403 and b"Log in" in page, f"answered {status}")


def too_large(visitor):
    def declared(target, kind, length):
        """Answered before any of it has come, as the client waits for that."""
        return visitor.post(target, kind, b"", b"Expect: 100-continue\r\n").replace(b"Length: 0", b"Length: %d" % length)

    def sent(target, kind, length):
        return visitor.post(target, kind, bytes(length))

    many = part(b"csrf", visitor.csrf) + file_part(b"x") * 21 + b"--xYz--\r\n"
    text = part(b"csrf", visitor.csrf) + part(b"body", b"&" * (MIB + 1)) + b"--xYz--\r\n"
    chunk = b"100000\r\n" + bytes(MIB) + b"\r\n"
    chunked = b"%x\r\n%b\r\n" % (len(file_part(b"")) - 2, file_part(b"")[:-2]) + chunk * 27 + b"0\r\n\r\n"
    encoded = b"Transfer-Encoding: chunked\r\n"
    for name, data in (("declared", declared(b"/admin/files", MULTIPART, 27 * MIB + 1)),
                       ("chunked", visitor.post(b"/admin/files", MULTIPART, chunked, encoded)),
                       ("many files", visitor.post(b"/admin/files", MULTIPART, many)),
                       ("long text", visitor.post(b"/admin/files", MULTIPART, text)),
                       ("sent", sent(b"/admin/files", MULTIPART, 27 * MIB + 1)),
                       ("urlencoded", declared(b"/admin/files", FORM, MIB + 1)),
                       ("urlencoded, sent", sent(b"/admin/files", FORM, MIB + 1)),
                       ("where passwords are hashed", declared(b"/admin/login", MULTIPART, 2 * MIB + 1)),
                       ("where nobody takes any", declared(b"/", MULTIPART, MIB + 1)),
                       ("where nobody takes any, sent", sent(b"/", MULTIPART, MIB + 1))):
        with Client(visitor.address) as client:
            client.socket.sendall(data)
            status, _, page = client.response()
            check(status == 413, f"{name}: answered {status}")
            check(b"at most 25 MB of files, 20 of them, and 1 MB of text" in page, f"{name}: {page}")
            check(client.response() is None, f"{name}: left open")


def stopped_in_the_middle(server, visitor):
    """What the lanes have taken is answered."""
    clients = [Client(server.address) for _ in range(60)]
    for number, client in enumerate(clients):
        client.send(visitor.login(2000 + number))
    time.sleep(0.3)
    for client in clients[:10]:
        client.socket.close()
    server.process.send_signal(signal.SIGTERM)
    for client in clients[10:]:
        answer = client.response()
        check(answer is not None and answer[0] in ANSWERS, f"answered {answer and answer[0]}")
        client.socket.close()
    check(server.process.wait(PATIENCE_S) == 0, "did not exit with 0")


def run(report, folder):
    server = Server(folder, "127.0.0.1:0")
    try:
        visitor = Visitor(server.address)
        if visitor.status == 404:
            print("there is no login yet")
            return
        for scene in (fast_behind_slow, form_in_parts, broken_forms, files_of_nobody, too_large, clients_that_leave,
                      readers_during_a_storm):
            report.run(scene.__name__, scene, visitor)
        left = [name for name in os.listdir(folder) if name not in ("t.db", "t.db-wal", "t.db-shm", "errors")]
        report.run("nothing in the folder", check, left == [], left)
        report.run("stopped_in_the_middle", stopped_in_the_middle, server, visitor)
        server.errors.seek(0)
        noise = [line for line in server.errors if " error " in line or "anitizer" in line]
        report.run("nothing in the log", check, noise == [], noise)
    finally:
        server.kill()


def main():
    report = Report()
    folder = tempfile.mkdtemp(prefix="lanes")
    try:
        run(report, folder)
    finally:
        shutil.rmtree(folder)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
