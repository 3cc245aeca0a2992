"""A log that is not read stops nothing: requests are answered and SIGTERM ends the server, whatever standard error is. Lines are then
dropped and counted, and the log has the count as soon as it is read again.

    WARTA=build/warta python3 tests/server/unread.py
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.dont_write_bytecode = True
from wire import PATIENCE_S, WARTA, Client, Report, check, get

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WARTA")}
REQUESTS = 4000
COUNT = re.compile(rb" warn (\d+) lines? of the log w(?:as|ere) dropped: standard error (was not read|could not be written: .*)")


class Serving:
    """A server with that standard error, which is closed here; None: it has none."""

    def __init__(self, errors, *flags):
        self.folder = tempfile.mkdtemp(prefix="unread")
        self.database = os.path.join(self.folder, "t.db")
        command = [WARTA, "serve", "--database", self.database, "--listen", "127.0.0.1:0", "--log-level", "debug", *flags]
        words = command if errors is not None else ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, env=ENVIRONMENT)
        if errors is not None:
            os.close(errors)
        self.port = int(self.process.stdout.readline().rsplit(b":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def answers(self, requests=REQUESTS):
        with Client(("127.0.0.1", self.port)) as client:
            for _ in range(requests // 20):
                client.send(get(target=b"/?type=news") * 19 + get(target=b"/healthz"))
                for _ in range(20):
                    check(client.response()[0] == 200, "not answered")

    def ends(self):
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(PATIENCE_S) == 0, "did not end with 0")


def read_until(fd, is_enough):
    """What is read until it is enough."""
    found, end = b"", time.monotonic() + PATIENCE_S
    while not is_enough(found):
        check(time.monotonic() < end, f"not enough is read: {found[-1000:]}")
        found += os.read(fd, 65536)
    return found


def told(log):
    """How many requests have a line, and how many lines are counted as dropped; all are whole."""
    lines = log.splitlines()
    check(all(re.match(rb"\d{4}-\d\d-\d\dT\S+Z (debug|info|warn|error) ", line) for line in lines[:-1]), "a line is not whole")
    return sum(b" status=200 " in line for line in lines), sum(int(found[1]) for found in map(COUNT.search, lines) if found)


def adds_up(log):
    """Every request is among the lines or counted; few other lines are."""
    return REQUESTS <= sum(told(log)) <= REQUESTS + 100


def a_pipe():
    ours, theirs = os.pipe()
    with Serving(theirs) as server:
        server.answers()
        log = read_until(ours, adds_up)
        check(b"dropped: standard error was not read" in log, "another reason")
        server.answers()
        server.ends()
    os.close(ours)


def a_pipe_that_others_write_to():
    """It stays as blocking as it was for them."""
    ours, theirs = os.pipe()
    with Serving(os.dup(theirs)):
        check(os.get_blocking(theirs), "the shared description is non-blocking")
    os.close(ours)
    os.close(theirs)


def a_slow_reader():
    ours, theirs = os.pipe()
    log = []

    def read():
        while part := os.read(ours, 2000):
            log.append(part)
            time.sleep(0.0005)

    with Serving(theirs) as server:
        reader = threading.Thread(target=read)
        reader.start()
        server.answers()
        time.sleep(0.5)  # the reader catches up, so that what the end writes finds room
        server.ends()
        reader.join(PATIENCE_S)
    os.close(ours)
    check(adds_up(b"".join(log)), f"{told(b''.join(log))} told and counted, {REQUESTS} requests")


def a_socket():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        with Serving(theirs.detach()) as server:
            server.answers()
            read_until(ours.fileno(), adds_up)
            server.ends()
        ours.close()


def a_stopped_terminal():
    """As by Ctrl-S."""
    ours, theirs = os.openpty()
    kept = os.dup(theirs)
    with Serving(theirs) as server:
        termios.tcflow(kept, termios.TCOOFF)
        server.answers()
        termios.tcflow(kept, termios.TCOON)
        read_until(ours, COUNT.search)
        termios.tcflow(kept, termios.TCOOFF)
        server.answers()
        server.ends()
    os.close(ours)
    os.close(kept)


def a_reader_that_is_gone():
    ours, theirs = os.pipe()
    os.close(ours)
    with Serving(theirs) as server:
        server.answers()
        server.ends()
    ours, theirs = os.pipe()
    with Serving(theirs) as server:
        server.answers()
        os.close(ours)
        server.answers()
        server.ends()


def none_at_all():
    """No file or socket takes its place."""
    with Serving(None) as server:
        check(os.readlink(f"/proc/{server.process.pid}/fd/2") == "/dev/null", "something has taken its place")
        server.answers()
        server.ends()
        done = subprocess.run([WARTA, "check", "--database", server.database], env=ENVIRONMENT, capture_output=True, check=False)
        check(done.returncode == 0, done)


def a_full_disk():
    with Serving(os.open("/dev/full", os.O_WRONLY)) as server:
        server.answers()
        server.ends()


def a_start_that_fails():
    """It ends, with nobody to tell why."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    try:
        while True:
            os.write(theirs, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(theirs, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run([WARTA, "serve", "--database", "/nowhere/t.db", "--listen", "127.0.0.1:%d" % taken.getsockname()[1]],
                              stderr=theirs, env=ENVIRONMENT, timeout=PATIENCE_S, check=False)
    check(done.returncode == 1, done)
    os.close(ours)
    os.close(theirs)


def main():
    report = Report()
    for scene in (a_pipe, a_pipe_that_others_write_to, a_slow_reader, a_socket, a_stopped_terminal, a_reader_that_is_gone,
                  none_at_all, a_full_disk, a_start_that_fails):
        report.run(scene.__name__, scene)
    print(f"{report.passed} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
