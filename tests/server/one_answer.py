"""One request, one answer, one line, one id: whatever the method, the body and what its headers say of it.

    WARTA=build/dev/warta python3 tests/server/one_answer.py
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


def a_get_with_the_type_of_a_form():
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
    sys.exit(run([a_get_with_the_type_of_a_form]))
