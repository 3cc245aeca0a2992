"""What is malformed on the wire is answered once, by a refusal, and nothing behind it is ever answered.

    WARTA=build/dev/warta python3 tests/server/framing.py
"""
import contextlib
import os
import re
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import PATIENCE_S, Site, check, run

H = b"Host: a\r\n"
GET = b"GET / HTTP/1.1\r\n" + H + b"\r\n"
SMUGGLED = b"GET /items.json HTTP/1.1\r\nHost: b\r\n\r\n"
POST = b"POST /admin/login HTTP/1.1\r\n" + H
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def head(line):
    return b"GET / HTTP/1.1\r\n" + H + line + b"\r\n\r\n"


HEADS = [
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nY0: b\nY1: b\nY2: b\n: x\r\n",
    b"GET /healthz HTTP/1.1\nHost: a\nY0: b\r\n: xx\r\n",
    *(b"GET / HTTP/1.1\r\n" + H + b"Y: b\n" * n + b": " + b"x" * m + b"\r\n" for n in range(1, 6) for m in range(0, 4)),
    b"GET  / HTTP/1.1\r\n" + H + b"\r\n", b"GET /  HTTP/1.1\r\n" + H + b"\r\n", b"GET / HTTP/1.1 \r\n" + H + b"\r\n",
    b"GET\t/ HTTP/1.1\r\n" + H + b"\r\n", b"GET /\0 HTTP/1.1\r\n" + H + b"\r\n", b"GET /\r HTTP/1.1\r\n" + H + b"\r\n",
    b"GET / HTTP/1.1\n" + H + b"\r\n", b"GET / HTTP/1.1\r\n" + H + b"\n", b"GET / HTTP/1.1\r\n folded\r\n" + H + b"\r\n",
    b"\0" + GET, b"GET / HTTP/1.1\r\n" + H + b"X: a\0\r\n\r\n",
    head(b": x"), head(b"X : y"), head(b"X"), head(b"X: a\r\n b"), head(b"X: a\r\n\tb"), head(b"X: a\rb"), head(b"X: a\0b"),
    head(b"X\0: a"), head(b"X: \x1b"), head(b"X: \x7f"), head(b"X\xc3\xa9: a"), head(b"(X): a"),
    *(POST + b"Content-Length:" + value + b"\r\n\r\n" for value in (
        b"", b" ", b" -1", b" +1", b" 1 ", b" 1,1", b" 0x1", b" 1e1", b" 99999999999999999999", b" 18446744073709551617",
        b" 1\r\nContent-Length: 1", b" 0\r\nContent-Length: 5", b" 5\r\nTransfer-Encoding: chunked")),
    *(POST + b"Transfer-Encoding:" + value + b"\r\n\r\n" for value in (
        b"", b" identity", b" gzip", b" gzip, chunked", b" chunked, chunked", b" xchunked", b" chunked ", b" \x0bchunked",
        b" chunked\r\nTransfer-Encoding: chunked", b" chunked\r\nContent-Length: 5")),
]
BODIES = [
    b"5\nhello\r\n0\r\n\r\n", b"5\r\rhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r\r0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n", b"5\r\nhelloo\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", b";a\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n", b"5;\0\r\nhello\r\n0\r\n\r\n", b"g\r\nhello\r\n0\r\n\r\n",
    b"FFFFFFFFFFFFFFFFF\r\n", b"0\r\nX: a\r\n b\r\n\r\n", b"0\r\nX: a\0\r\n\r\n", b"0\r\n: a\r\n\r\n", b"0\r\nX\r\n\r\n",
    b"0\r\nX: a\n\r\n", b"0\r\n\n", b"0\n\r\n", b"0\r\n\r",
]
GOOD = [
    GET, b"\r\n" + GET, head(b"X:"), head(b"X: \t a \t"), head(b"X: caf\xc3\xa9"), head(b"X: a\tb"),
    GET.replace(b"GET", b"HEAD"), GET.replace(b"GET", b"OPTIONS"),
    POST + b"Content-Length: 5\r\n\r\nhello", POST + b"Content-Length: 0000000005\r\n\r\nhello",
    POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", CHUNKED + b"0\r\n\r\n", CHUNKED + b"05;a=b;c=\"d\"\r\nhello\r\n0;x\r\nX: a\r\nY: b\r\n\r\n",
    CHUNKED.replace(b"chunked", b"CHUNKED") + b"A\r\n0123456789\r\n0\r\n\r\n",
]


def statuses(site, pieces):
    """The statuses of all that is answered until the connection ends."""
    with socket.create_connection(site.address, PATIENCE_S) as client:
        client.settimeout(PATIENCE_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        got = b""
        with contextlib.suppress(OSError):  # the server has closed
            for piece in pieces:
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):  # reset, as the rest was not read
            while data := client.recv(65536):
                got += data
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", got) if status != b"100"]


def refused(site, before, request):
    """One refusal, however it is cut, and whatever comes before and behind it."""
    for pieces in ([before + request + SMUGGLED], [before, request, SMUGGLED], [before + request[:7], request[7:] + SMUGGLED]):
        answers = statuses(site, pieces)
        wanted = [200] if before else []
        check(answers[:len(wanted)] == wanted and len(answers) <= len(wanted) + 1 and
              all(status in (400, 414, 431, 501, 505) for status in answers[len(wanted):]), f"{request}: {answers}")


def malformed_heads():
    with Site().start() as site:
        for request in HEADS:
            refused(site, b"", request)
            refused(site, GET, request)
            check(statuses(site, [request + SMUGGLED]) == [400], f"{request}: not answered once")
        for request in HEADS[::5]:
            check(statuses(site, [request[i:i + 1] for i in range(len(request))]) == [400], f"{request}: byte by byte")
        lines = [line for line in site.log().splitlines() if " status=400 " in line]
        check(len({line.split()[2] for line in lines}) == len(lines), "two lines have one id")


def malformed_bodies():
    with Site().start() as site:
        for body in BODIES:
            refused(site, b"", CHUNKED + body)
            refused(site, GET, CHUNKED + body)


def well_formed():
    with Site().start() as site:
        for request in GOOD:
            for pieces in ([request + GET], [request, GET], [request[i:i + 1] for i in range(len(request))] + [GET]):
                answers = statuses(site, pieces)
                check(len(answers) == 2 and answers[1] == 200 and answers[0] != 400, f"{request}: {answers}")


def a_get_with_the_type_of_a_form():
    """One request, one answer, one line, whatever its headers say of a body that it does not have."""
    with Site().start(flags=["--log-level", "debug"]) as site:
        count = 0
        for target in (b"/", b"/admin/login", b"/nothing", b"/healthz", b"/admin/items"):
            for method in (b"GET", b"HEAD", b"POST", b"OPTIONS", b"PUT"):
                for kind in (b"multipart/form-data", b"multipart/form-data; boundary=", b"application/x-www-form-urlencoded", b"a"):
                    for more in (b"", b"Content-Length: 0\r\n", b"Content-Length: 2\r\n"):
                        request = method + b" " + target + b" HTTP/1.1\r\n" + H + b"Content-Type: " + kind + b"\r\n" + more
                        answers = statuses(site, [request + b"\r\n" + (b"ab" if b" 2" in more else b"")])
                        check(len(answers) == 1, f"{request}: {answers}")
                        count += 1
        site.stop()
        lines = [line for line in site.log().splitlines() if " status=" in line]
        check(len(lines) == count, f"{count} answers, {len(lines)} lines")
        check(len({line.split()[2] for line in lines}) == count, "two lines have one id")


if __name__ == "__main__":
    sys.exit(run([malformed_heads, malformed_bodies, well_formed, a_get_with_the_type_of_a_form]))
