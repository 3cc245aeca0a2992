"""What the benches share: starting and stopping servers, driving wrk, reading CPU time and memory, tables, figures and JSON.

Nothing here leaves 127.0.0.1, and all that is started ends with the bench, however that ends. CPU time is what the kernel
charged to a server's threads (/proc/PID/task/*/schedstat), in nanoseconds.
"""
import argparse
import contextlib
import ctypes
import fcntl
import glob
import hashlib
import http.client
import json
import os
import platform
import re
import select
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
IMPORT_PART = 100_000  # items to an import: the program takes files of up to 1 GiB
PASSWORD = "a password of the bench"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
# A setting may come from the environment, and a bench measures the defaults.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("WARTA_")}


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def tool(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        subprocess.run([ROOT / "scripts/install", "bench"], check=True)
        found = shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin")
    return found


def raise_file_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(address, target, headers=None):
    """One request on a connection of its own: status, headers in lower case, body."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", target, headers=headers or {})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def page(address, target, headers=None):
    status, _, body = get(address, target, headers)
    if status != 200:
        sys.exit(f"{target} answered {status}")
    return body


class Server:
    """A running server, with its children."""

    def __init__(self, name, process, address):
        self.name, self.process, self.address = name, process, address

    def pids(self):
        pids = [self.process.pid]
        for pid in pids:
            for path in glob.glob(f"/proc/{pid}/task/*/children"):
                with contextlib.suppress(OSError):
                    pids += map(int, Path(path).read_text().split())
        return pids

    def cpu_us(self):
        total = 0
        for pid in self.pids():
            for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                with contextlib.suppress(OSError):  # a thread that ends meanwhile
                    total += int(Path(path).read_text().split()[0])
        return total / 1000

    def memory_mb(self, kind="VmRSS"):
        """VmRSS, or its part RssAnon: what is the process's own, not pages of files that the system can take back."""
        total = 0
        for pid in self.pids():
            found = re.search(rf"^{kind}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
            total += int(found[1])
        return total * 1024 / 1e6

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    """One run: its options, a folder that goes when it ends, the servers it started, and its figures.

        with Bench("cached", __doc__) as bench: ...

    `add` takes its own options: {"--logins": 200}.
    """

    def __init__(self, name, doc, add=None):
        options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        options.add_argument("--warta", default=str(ROOT / "build/release/warta"), help="the program to measure")
        options.add_argument("--rounds", type=int, default=0, help="how many; the median counts [5, quick 3, smoke 1]")
        options.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
        options.add_argument("--smoke", action="store_true", help="only to see that it runs: its figures say nothing")
        options.add_argument("--folder", type=Path, default=ROOT / "build/bench",
                             help="where databases are kept and figures written [build/bench]")
        options.add_argument("--json", type=Path, help="where the figures are written [FOLDER/NAME.json]")
        for flag, default in (add or {}).items():
            options.add_argument(flag, type=type(default), default=default)
        self.options = options.parse_args()
        self.name = name
        self.rounds = self.options.rounds or self.pick(5, 3, 1)
        self.json = self.options.json or self.options.folder / f"{name}.json"
        self.figures, self.details = [], {}
        self.at_end = contextlib.ExitStack()
        self.folder = None

    def pick(self, full, quick, smoke):
        return smoke if self.options.smoke else quick if self.options.quick else full

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
        if not os.access(self.options.warta, os.X_OK):
            sys.exit(f"{self.options.warta} is not there: cmake --preset release && cmake --build --preset release")
        raise_file_limit()
        self.options.folder.mkdir(parents=True, exist_ok=True)
        self.folder = self.at_end.enter_context(tempfile.TemporaryDirectory(prefix="warta-bench-"))
        self.load = os.getloadavg()[0]
        return self

    def __exit__(self, kind, value, trace):
        self.at_end.close()
        if kind is None:
            self.tell()

    # --- figures ---

    def figure(self, key, words, value, unit="", bar=None, most=True):
        """What the bench is for. `bar` is what it may be at most, or with most=False what it has to be at least."""
        met = None if bar is None or value is None else value <= bar if most else value >= bar
        value = float(f"{value:.4g}") if isinstance(value, float) else value
        self.figures.append({"key": key, "words": words, "value": value, "unit": unit, "met": met,
                             "bar": None if bar is None else f"{'≤' if most else '≥'} {bar:,} {unit}".strip()})

    def tell(self):
        print()
        table(["figure", "value", "bar", "met"], [figure_row(figure) for figure in self.figures])
        machine = machine_words()
        print(f"\n{machine}; load {self.load:.1f} before")
        result = {"bench": self.name, "machine": machine, "warta": version(self.options.warta), "rounds": self.rounds,
                  "load": [round(self.load, 1), round(os.getloadavg()[0], 1)], "figures": self.figures,
                  "details": self.details}
        self.json.parent.mkdir(parents=True, exist_ok=True)
        self.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")

    # --- items ---

    def run(self, *words, text=None):
        done = subprocess.run([self.options.warta, *words, "--log-level", "error"], input=text, text=True,
                              capture_output=True, env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            sys.exit(f"warta {words[0]}: {done.stderr}")

    def import_items(self, database, first, count):
        """Seconds that the import of some generated items took."""
        path = f"{self.folder}/part.json"
        with open(path, "w") as out:
            subprocess.run([sys.executable, BENCH / "generate.py", str(count), str(first)], stdout=out, check=True)
        begun = time.monotonic()
        self.run("import", "--database", database, path)
        taken = time.monotonic() - begun
        os.unlink(path)
        return taken

    def items(self, count):
        """A database of the first `count` generated items, made once and kept. Only to be read: see copy_of_items."""
        key = hashlib.sha256()
        for path in [BENCH / "generate.py", *sorted((ROOT / "sql/migrate").glob("*.sql"))]:
            key.update(path.read_bytes())
        kept = self.options.folder / f"items-{count}-{key.hexdigest()[:8]}.db"
        with open(self.options.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                for old in self.options.folder.glob(f"items-{count}-*"):
                    old.unlink()
                made = f"{kept}.new"
                for path in glob.glob(f"{made}*"):
                    os.unlink(path)
                for first in range(0, count, IMPORT_PART):
                    part = min(IMPORT_PART, count - first)
                    seconds = self.import_items(made, first, part)
                    print(f"import of {part:,} items after {first:,}: {seconds:.1f} s", flush=True)
                os.rename(made, kept)
        return str(kept)

    def copy_of_items(self, count):
        """One to write to."""
        return shutil.copy(self.items(count), f"{self.folder}/{count}.db")

    # --- servers ---

    def knows(self, flag):
        return flag in subprocess.run([self.options.warta, "serve", "--help"], text=True, capture_output=True,
                                      env=ENVIRONMENT, check=True).stdout

    def flags(self, flag, value):
        return [flag, str(value)] if self.knows(flag) else []

    def spawn(self, words, **more):
        return subprocess.Popen(words, env=ENVIRONMENT, preexec_fn=end_with_parent, **more)

    def keep(self, server):
        self.at_end.callback(server.stop)
        return server

    def warta(self, database, *flags, threads=1, name="warta", log_level="error", stderr=None):
        process = self.spawn([self.options.warta, "serve", "--database", database, "--listen", "127.0.0.1:0",
                              "--threads", str(threads), "--log-level", log_level, *flags],
                             stdout=subprocess.PIPE, stderr=stderr, text=True)
        server = self.keep(Server(name, process, None))
        line = process.stdout.readline()
        if "listening on http://" not in line:
            sys.exit("warta did not start")
        server.address = line.split("http://")[1].strip()
        return server

    def nginx(self, root, workers=1, name="nginx"):
        """Serves the files of a folder, as fast as nginx can: open files cached, precompressed forms beside them."""
        port = free_port()
        folder = tempfile.mkdtemp(dir=self.folder)
        config = Path(folder, "nginx.conf")
        user = "user root;" if os.geteuid() == 0 else ""
        paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config.write_text(f"""
            daemon off; {user} pid {folder}/pid; error_log stderr crit; worker_processes {workers};
            events {{ worker_connections 4096; }}
            http {{
                access_log off; {paths}
                types {{ text/html html; text/css css; application/json json; }}
                sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 75s;
                open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s; open_file_cache_min_uses 1;
                gzip_static on; gzip_vary on; etag on; server_tokens off;
                server {{ listen 127.0.0.1:{port} reuseport backlog=4096; root {root}; }}
            }}""")
        process = self.spawn([tool("nginx"), "-p", folder, "-c", str(config), "-e", "stderr"])
        server = self.keep(Server(name, process, f"127.0.0.1:{port}"))
        wait_for(server)
        return server

    def epoll(self, files, threads=1, name="epoll"):
        """Sends the bytes of file N for the target /N."""
        program = self.options.folder / "epoll"
        source = BENCH / "epoll.c"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            made = f"{program}.{os.getpid()}"
            subprocess.run([os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-pthread", "-o", made, source],
                           check=True)
            os.rename(made, program)
        process = self.spawn([program, str(threads), *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        server = self.keep(Server(name, process, None))
        server.address = f"127.0.0.1:{int(process.stdout.readline())}"
        return server

    # --- load ---

    def wrk_start(self, server, target="/", connections=64, seconds=2.0, threads=1, delay_ms=0, targets=None, count=0,
                  headers=None):
        words = [tool("wrk"), "-c", str(connections), "-t", str(threads), "-d", f"{max(1, round(seconds))}s",
                 "--timeout", "30s", "-s", BENCH / "wrk.lua"]
        for name, value in (headers or {}).items():
            words += ["-H", f"{name}: {value}"]
        words += [f"http://{server.address}{target}", "--", str(delay_ms), targets or "-", str(count)]
        return self.spawn(words, stdout=subprocess.PIPE, text=True)

    def wrk_result(self, process):
        out = process.communicate(timeout=900)[0]
        result = json.loads(out.strip().splitlines()[-1])
        if result["failed"] or result["refused"] or not result["requests"]:
            sys.exit(f"requests went wrong: {process.args}\n{out}")
        result["per_second"] = result["requests"] / result["us"] * 1e6
        return result

    def wrk(self, server, **how):
        """Runs wrk against one server; its figures, with the CPU time that the server spent on each request."""
        before = server.cpu_us()
        result = self.wrk_result(self.wrk_start(server, **how))
        result["cpu_us"] = (server.cpu_us() - before) / result["requests"]
        return result


    def unchanged(self, server, target, headers, connections, seconds):
        """As wrk, which would wait for the body that a 304 tells the length of: it is answered without one."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": server.address, **headers}.items())
        request = f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode()
        host, port = server.address.split(":")
        clients = [socket.create_connection((host, int(port))) for _ in range(connections)]
        by_number = {client.fileno(): client for client in clients}
        before, began, requests = server.cpu_us(), time.monotonic(), 0
        with select.epoll() as events:
            for client in clients:
                client.sendall(request)
                events.register(client, select.EPOLLIN)
            while time.monotonic() - began < seconds:
                for number_, _ in events.poll(1):
                    answer = by_number[number_].recv(65536)
                    if not answer.startswith(b"HTTP/1.1 304 ") or not answer.endswith(b"\r\n\r\n"):
                        sys.exit(f"{server.name} answered otherwise than 304: {answer[:200]}")
                    requests += 1
                    by_number[number_].sendall(request)
        result = {"requests": requests, "per_second": requests / (time.monotonic() - began),
                  "cpu_us": (server.cpu_us() - before) / requests}
        for client in clients:
            client.close()
        return result


def wait_for(server):
    deadline = time.monotonic() + 20
    host, port = server.address.split(":")
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.02)
    sys.exit(f"{server.name} did not start")


# --- staff ---

def hidden(body, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', body)
    return found[1] if found else None


def multipart(fields, files=()):
    """A body and its type; files are (field, name, bytes)."""
    mark = "warta-bench-boundary"
    parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in fields.items()]
    for field, name, content in files:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n' \
               f'Content-Type: application/octet-stream\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


class Staff:
    """Somebody logged in, on one connection."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=120)
        self.cookie = None
        self.request("GET", "/admin/login")
        form, kind = multipart({"csrf": hidden(self.body, "csrf"), "username": "bench", "password": PASSWORD, "next": ""})
        if self.request("POST", "/admin/login", form, kind) != 303:
            sys.exit(f"the login answered {self.status}")

    def request(self, method, target, body=None, kind=None):
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if kind:
            headers["Content-Type"] = kind
        self.connection.request(method, target, body, headers)
        response = self.connection.getresponse()
        self.status, self.body, self.location = response.status, response.read().decode(), response.getheader("Location")
        if response.getheader("Set-Cookie"):
            self.cookie = response.getheader("Set-Cookie").split(";")[0]
        return self.status


def add_staff(bench, database):
    bench.run("user", "add", "bench", "--role", "admin", "--password-stdin", "--database", database, text=PASSWORD + "\n")


# --- words and numbers ---

median = statistics.median


def rotated(things, by):
    """In each round another one comes first."""
    by %= len(things)
    return things[by:] + things[:by]


def ratio_of(above, below):
    """The median of each round's ratio: what the machine did in a round fell on both."""
    return median(a / b for a, b in zip(above, below))


def number(value):
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def figure_row(figure):
    met = {True: "yes", False: "no", None: ""}[figure["met"]]
    return [figure["words"], f"{number(figure['value'])} {figure['unit']}".strip(), figure["bar"] or "", met]


def table(heads, rows):
    """Prints columns: the first flush left, the others right."""
    rows = [heads] + [[number(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def version(program):
    return subprocess.run([program, "version"], text=True, capture_output=True, env=ENVIRONMENT, check=False).stdout.strip()


def machine_words():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 1024 ** 2
    system = re.search(r'PRETTY_NAME="([^"]*)"', Path("/etc/os-release").read_text())
    return (f"{os.cpu_count()} cores of {cpu[1].strip() if cpu else platform.machine()}, {memory:.0f} GiB, "
            f"{system[1] if system else 'Linux'}, kernel {platform.release()}")
