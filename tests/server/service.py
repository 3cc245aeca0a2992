"""What a service manager does with the server, and what the server tells it: sockets handed over, readiness, watchdog,
hangup, stop, and restarts under load that lose no request. The manager is this program; the protocols are sd_listen_fds(3) and
sd_notify(3).
"""
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

WARTA = os.environ["WARTA"]
PATIENCE_S = 60
FIRST = 3  # SD_LISTEN_FDS_START
PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WALL = 0x40000000  # waits for threads too

folder = tempfile.mkdtemp()
checks = 0


def check(ok, words):
    global checks
    checks += 1
    if not ok:
        raise SystemExit(f"FAILED: {words}")


def until(condition, words):
    end = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        check(time.monotonic() < end, words)
        time.sleep(0.02)
    return value


def tcp_socket():
    return socket.create_server(("127.0.0.1", 0), backlog=4096)


def unix_socket(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(4096)
    return listener


class Service:
    """A server started as a service manager starts it."""

    def __init__(self, sockets, *words, notify=None, watchdog_ms=0, **more):
        self.log = tempfile.TemporaryFile("w+", dir=folder)
        environment = dict(os.environ, **more)
        if notify:
            environment["NOTIFY_SOCKET"] = notify
        if watchdog_ms:
            environment["WATCHDOG_USEC"] = str(watchdog_ms * 1000)
        numbers = [listener.fileno() for listener in sockets]

        # A shell, as the variable must hold the pid that execs the server. The descriptors move high first, so that none
        # stands in another's way.
        def place():
            high = [os.dup2(number, 200 + i, inheritable=False) for i, number in enumerate(numbers)]
            for i, number in enumerate(high):
                os.dup2(number, FIRST + i, inheritable=True)

        script = f"export LISTEN_FDS={len(numbers)} LISTEN_PID=$$; exec \"$@\"" if sockets else 'exec "$@"'
        self.process = subprocess.Popen(
            ["sh", "-c", script, "sh", WARTA, "serve", "--database", f"{folder}/t.db", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment,
            close_fds=False, preexec_fn=place)
        self.pid = self.process.pid
        line = self.process.stdout.readline()
        self.address = line.removeprefix("warta: listening on ").strip()
        check(line.startswith("warta: listening on "), f"the server does not start: {line}{self.said()}")

    def said(self):
        with open(f"/proc/self/fd/{self.log.fileno()}", encoding="utf-8", errors="replace") as log:
            return log.read()

    def status(self, name):
        return re.search(rf"^{name}:\s*(\d+)$", open(f"/proc/{self.pid}/status", encoding="utf-8").read(), re.M)[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        check(code == 0, f"ended with {code}: {self.said()}")


def connect(listener):
    client = socket.socket(listener.family)
    client.settimeout(PATIENCE_S)
    client.connect(listener.getsockname())
    return client


def read_answer(stream):
    """Status and whether the connection goes on; the body is read past."""
    line = stream.readline()
    if not line:
        return 0, False, b""
    length, goes_on = 0, True
    while (header := stream.readline().strip().lower()):
        if header.startswith(b"content-length:"):
            length = int(header.split(b":")[1])
        goes_on = goes_on and header != b"connection: close"
    body = stream.read(length)
    return (int(line.split()[1]), goes_on, body) if len(body) == length else (0, False, b"")


def get(listener, path):
    with connect(listener) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        with client.makefile("rb") as stream:
            return read_answer(stream)


class Manager:
    """The socket that a server tells its state to."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(0.05)
        self.told = []

    def listen(self):
        try:
            while True:
                self.told.append(self.socket.recv(4096).decode())
        except TimeoutError:
            return self.told

    def expect(self, state):
        until(lambda: any(state in told.split("\n") for told in self.listen()), f"{state} was not told: {self.told}")
        told = next(told for told in self.told if state in told.split("\n"))
        del self.told[:self.told.index(told) + 1]
        return told


def test_handed_over():
    """A port and a path at once, one loop or several; both stay where they are when the server goes."""
    path = f"{folder}/handed.sock"
    port, unix = tcp_socket(), unix_socket(path)
    for threads in ("1", "2", "5"):
        service = Service([port, unix], "--threads", threads)
        check(service.address == "http://127.0.0.1:%d" % port.getsockname()[1], service.address)
        for _ in range(20):
            check(get(port, "/")[0] == 200 and get(unix, "/healthz")[2] == b"alive\n", "a socket is not served")
        for where in (f"127.0.0.1:{port.getsockname()[1]}", f"unix:{path}"):
            probe = subprocess.run([WARTA, "healthcheck", "--listen", where], capture_output=True, text=True)
            check((probe.returncode, probe.stdout) == (0, f"{where} is alive\n"), probe)
        service.stop()
        check(os.path.exists(path), "the server removed a socket that is not its own")
    # what is no listening stream socket is named
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 0))
    script = 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
    bad = subprocess.run(["sh", "-c", script, "sh", WARTA, "serve", "--database", f"{folder}/t.db"], capture_output=True,
                         text=True, close_fds=False, preexec_fn=lambda: os.dup2(datagrams.fileno(), FIRST))
    check(bad.returncode == 1 and "descriptor 3" in bad.stderr and bad.stderr.count("\n") == 1, bad)
    # variables that are another process's are passed by
    other = Service([], "--listen", "127.0.0.1:0", LISTEN_PID="1", LISTEN_FDS="1", WATCHDOG_PID="1", WATCHDOG_USEC="1")
    check(other.address != service.address, "the sockets of another process were taken")
    other.stop()


def test_notify():
    """Ready and stopping are told, by a path and by an abstract name."""
    for name in (f"{folder}/notify", f"@warta-test-{os.getpid()}"):
        manager = Manager(name.replace("@", "\0"))
        service = Service([tcp_socket()], notify=name)
        manager.expect("READY=1")
        service.process.send_signal(signal.SIGTERM)
        manager.expect("STOPPING=1")
        check(service.process.wait(PATIENCE_S) == 0, "did not end with 0")


def test_hangup():
    """A daemon, and what nohup started, outlive a hangup; what logs to a terminal ends with it as it ends with SIGTERM."""
    port = tcp_socket()
    service = Service([port])
    for _ in range(3):
        service.process.send_signal(signal.SIGHUP)
    check(get(port, "/")[0] == 200, "a hangup ended a daemon")
    service.stop()
    for ignored in (True, False):
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [WARTA, "serve", "--database", f"{folder}/t.db", "--listen", "127.0.0.1:0"], stdin=theirs, stdout=subprocess.PIPE,
            stderr=theirs, text=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL))
        os.close(theirs)
        check("listening on" in process.stdout.readline(), "does not start in a terminal")
        process.send_signal(signal.SIGHUP)
        if ignored:
            process.send_signal(0)
            process.send_signal(signal.SIGTERM)
        check(process.wait(PATIENCE_S) == 0, f"ended with {process.returncode}")
        process.stdout.close()
        os.close(ours)


def test_watchdog():
    """The manager hears of life while all loops answer, and no more once one of them stands still."""
    libc = ctypes.CDLL(None, use_errno=True)
    name = f"{folder}/watchdog"
    manager = Manager(name)
    port = tcp_socket()
    service = Service([port], "--threads", "2", notify=name, watchdog_ms=3000)
    for _ in range(3):
        manager.expect("WATCHDOG=1")
    loops = [int(task) for task in os.listdir(f"/proc/{service.pid}/task")
             if open(f"/proc/{service.pid}/task/{task}/comm", encoding="utf-8").read().startswith("MHD")]
    check(len(loops) == 2, f"{loops} should be two event loops")
    check(libc.ptrace(PTRACE_ATTACH, loops[1], None, None) == 0, "may not stop a thread")
    os.waitpid(loops[1], WALL)
    until(lambda: "an event loop has not answered" in service.said(), "a loop that stands still is not noticed")
    manager.listen()
    manager.told.clear()
    seen = service.said().count("has not answered")
    until(lambda: service.said().count("has not answered") >= seen + 2, "the watchdog stopped looking")
    check("WATCHDOG=1" not in manager.listen(), "a loop stands still and the manager is told of life")
    libc.ptrace(PTRACE_DETACH, loops[1], None, None)
    manager.expect("WATCHDOG=1")
    service.stop()


class Load:
    """Clients that ask without pause, some on one connection, some on a new one each time, until told to end, and until there
    were enough requests."""

    def __init__(self, listener, clients, requests):
        self.listener, self.requests = listener, requests
        self.done, self.failures, self.ending = 0, [], False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(i % 4 != 0,)) for i in range(clients)]
        for thread in self.threads:
            thread.start()

    def ask(self, client, stream, keep):
        client.sendall(b"GET /items/%d HTTP/1.1\r\nHost: a\r\n%s\r\n" % (
            self.done % 7, b"" if keep else b"Connection: close\r\n"))
        status, goes_on, _ = read_answer(stream)
        if status not in (200, 301, 404):
            raise OSError(f"status {status}")
        return goes_on and keep

    def run(self, keep):
        client = stream = None
        while not self.ending or self.done < self.requests:
            try:
                if client is None:
                    client = connect(self.listener)
                    stream = client.makefile("rb")
                goes_on = self.ask(client, stream, keep)
            except (OSError, ValueError, IndexError) as error:
                self.failures.append(repr(error))
                goes_on = False
            if not goes_on:
                stream.close()
                client.close()
                client = None
            with self.lock:
                self.done += 1
        if client:
            stream.close()
            client.close()

    def end(self):
        self.ending = True
        for thread in self.threads:
            thread.join()


def test_restarts():
    """Five restarts under 20,000 requests: by turns as systemd restarts (stop, then start) and side by side."""
    requests, restarts = 20000, 5
    port = tcp_socket()
    service = Service([port], "--log-level", "warn")
    load = Load(port, 8, requests)
    for restart in range(1, restarts + 1):
        until(lambda: load.done >= requests * restart // (restarts + 1), "the load stands still")
        if restart % 2:
            service.stop()
            service = Service([port], "--log-level", "warn")
        else:
            after = Service([port], "--log-level", "warn")
            service.stop()
            service = after
    load.end()
    service.stop()
    check(not load.failures, f"{len(load.failures)} of {load.done} requests failed: {load.failures[:3]}")
    print(f"{load.done} requests, {restarts} restarts, {len(load.failures)} failed")


def test_drain():
    """A request that is half sent when the server is told to stop is answered; nothing new is taken."""
    service = Service([], "--listen", "127.0.0.1:0")
    address = ("127.0.0.1", int(service.address.rsplit(":", 1)[1]))
    with socket.create_connection(address, PATIENCE_S) as client, client.makefile("rb") as stream:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        check(read_answer(stream)[0] == 200, "no answer")
        client.sendall(b"GET / HTTP/1.1\r\nHo")
        # the event loop has read the half
        until(lambda: not pending(client), "the half is not read")
        service.process.send_signal(signal.SIGTERM)
        until(lambda: refused(address), "new connections are still taken")
        client.sendall(b"st: a\r\n\r\n")
        status, goes_on, body = read_answer(stream)
        check(status == 200 and not goes_on and body, "what had begun was not finished")
    check(service.process.wait(PATIENCE_S) == 0, "did not end with 0")


def pending(client):
    """Bytes that the other side has not acknowledged (SIOCOUTQ)."""
    return struct.unpack("i", fcntl.ioctl(client, 0x5411, b"\0\0\0\0"))[0]


def refused(address):
    try:
        socket.create_connection(address, 5).close()
        return False
    except (ConnectionRefusedError, ConnectionResetError):  # reset: taken in as the socket was closed
        return True


def test_sandbox():
    """The running server is confined, unless it is told not to."""
    build = subprocess.run(["nm", "-D", WARTA], capture_output=True, text=True).stdout
    watched = "__asan_init" in build or "__tsan_init" in build
    service = Service([], "--listen", "127.0.0.1:0")
    inside = ("0", "0") if watched else ("1", "2")
    check((service.status("NoNewPrivs"), service.status("Seccomp")) == inside, service.said())
    check("sandbox: off" in service.said() if watched else "; seccomp\n" in service.said(), service.said())
    service.stop()
    service = Service([], "--listen", "127.0.0.1:0", "--sandbox", "off")
    check((service.status("NoNewPrivs"), service.status("Seccomp")) == ("0", "0"), "confined all the same")
    check("sandbox: off" in service.said(), service.said())
    service.stop()


def test_healthcheck():
    """What does not answer, or is something else, is not healthy."""
    closed = tcp_socket()
    where = f"127.0.0.1:{closed.getsockname()[1]}"
    closed.close()
    for listen in (where, f"unix:{folder}/none.sock", "nowhere"):
        probe = subprocess.run([WARTA, "healthcheck", "--listen", listen], capture_output=True, text=True)
        check(probe.returncode == 1 and probe.stderr.count("\n") == 1 and listen in probe.stderr, probe)
    silent = tcp_socket()
    where = f"127.0.0.1:{silent.getsockname()[1]}"
    probe = subprocess.Popen([WARTA, "healthcheck", "--listen", where], stderr=subprocess.PIPE, text=True)
    with silent.accept()[0] as client:
        client.recv(4096)
        client.sendall(b"HTTP/1.1 404 Not Found\r\n\r\n")
    check("404" in probe.communicate()[1] and probe.returncode == 1, "a 404 is taken for health")


def main():
    os.environ.pop("WARTA", None)
    os.environ.pop("WARTA_SOURCE_DIR", None)
    try:
        items = "[" + ",".join('{"type":"news","title":"Item %d"}' % i for i in range(5)) + "]"
        subprocess.run([WARTA, "import", "--database", f"{folder}/t.db", "-"], input=items, text=True, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for test in (test_handed_over, test_notify, test_hangup, test_watchdog, test_restarts, test_drain, test_sandbox,
                     test_healthcheck):
            if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
                test()
    finally:
        shutil.rmtree(folder)
    print(f"{checks} passed, 0 failed")


main()
