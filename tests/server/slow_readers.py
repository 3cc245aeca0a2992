"""Readers who take their time: they get the whole, however slow their line, also when they have ended their side.

    WARTA=build/dev/warta python3 tests/server/slow_readers.py
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from proxies import free_ports, program
from running_site import PATIENCE_S, Site, Staff, check, run

LEN = 9 << 20
RATE = 90_000
PIECE = 9_000
NGINX = """daemon off; master_process off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{inner}; proxy_buffering off; }} }}
}}
"""


def pdf(length):
    """No two parts of it are alike."""
    head, tail = b"%PDF-1.4\n", b"\n%%EOF\n"
    rows = b"".join(b"%015d\n" % i for i in range(length // 16 + 1))
    return head + rows[:length - len(head) - len(tail)] + tail


def publish(site, content):
    """An item with that file; the file's address."""
    staff = Staff(site)
    parts = [b'--warta\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (key.encode(), value.encode())
             for key, value in [*staff.item(title="A long report", type="document"), ("action", "publish")]]
    parts += [b'--warta\r\nContent-Disposition: form-data; name="upload"; filename="report.pdf"\r\n'
              b"Content-Type: application/pdf\r\n\r\n", content, b"\r\n--warta--\r\n"]
    head = {"Content-Type": "multipart/form-data; boundary=warta"}
    status, _, page = staff.send("/admin/items", None, head, b"".join(parts))
    check(status == 303, f"the item was answered with {status}: {page[:2000]}")
    _, _, page = site.get("/items/a-long-report")
    return re.search(r'href="(/files/[^"]+)"', page)[1]


def read(address, target, rate, half_closed=False, head=""):
    """Status and body, read steadily at that rate, in a window of its own as a slow line has one."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(PATIENCE_S)
        client.connect(address)
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{head}\r\n".encode())
        if half_closed:
            client.shutdown(socket.SHUT_WR)
        got, began = bytearray(), time.monotonic()
        while piece := client.recv(PIECE):
            got += piece
            if rate:
                time.sleep(max(0, began + len(got) / rate - time.monotonic()))
    head, _, body = bytes(got).partition(b"\r\n\r\n")
    return int((head.split() + [b"0", b"0"])[1]), body


def readers_at_a_slow_pace():
    content = pdf(LEN)
    with Site() as site, tempfile.TemporaryDirectory(prefix="warta-nginx-") as folder:
        site.user()
        site.start()
        target = publish(site, content)
        port = free_ports(1).pop()
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write(NGINX.format(folder=folder, port=port, inner=site.address[1]))
        nginx = subprocess.Popen([program("nginx"), "-c", conf, "-e", os.path.join(folder, "log")])
        try:
            outcomes = {}

            def reader(name, *how):
                try:
                    outcomes[name] = read(*how)
                except OSError as error:
                    outcomes[name] = error

            end = time.monotonic() + PATIENCE_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    check(time.monotonic() < end, "nginx does not start")
                    time.sleep(0.05)
            threads = [threading.Thread(target=reader, args=arguments) for arguments in (
                ("steady", site.address, target, RATE),
                ("half closed", site.address, target, RATE, True),
                ("through nginx", ("127.0.0.1", port), target, RATE),
                ("a range of it", site.address, target, RATE, False, f"Range: bytes={LEN // 2}-\r\n"),
                ("half closed, at once", site.address, target, 0, True),
            )]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            nginx.terminate()
            nginx.wait(PATIENCE_S)
        for name, outcome in outcomes.items():
            check(not isinstance(outcome, OSError), f"{name}: {outcome}")
            ranged = name == "a range of it"
            status, body = outcome
            wanted = content[LEN // 2:] if ranged else content
            check(status == (206 if ranged else 200), f"{name}: answered {status}")
            check(body == wanted, f"{name}: {len(body)} of {len(wanted)} bytes")
        check(len(outcomes) == 5, "a reader is missing")


if __name__ == "__main__":
    sys.exit(run([readers_at_a_slow_pace]))
