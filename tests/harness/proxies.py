"""A site behind a real proxy, set up by the file in deploy/ in which nothing but ports, paths and certificates is replaced.

    with behind("nginx", prefix="/news") as way:
        way.reader().get("/")        through the proxy, in the prefix

    WARTA=build/dev/warta python3 tests/harness/proxies.py nginx /news [strip]

The latter prints the address, and stops at the end of its input; ana is an admin of the site.
"""
import contextlib
import http.client
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from running_site import ENVIRONMENT, PATIENCE_S, Site, Staff, Wrong, check

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy")
AS_ROOT = os.geteuid() == 0


def free_ports(count):
    """Below those that the system gives to clients, any of which could take one before the proxy does."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(20000, 32768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.add(port)
    return ports


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    check(found, f"there is no {name}: scripts/install test")
    return found


def replaced(text, *pairs):
    for old, new in pairs:
        check(old in text, f"the file does not hold {old!r}")
        text = text.replace(old, new)
    return text


class Visitor:
    """A browser's window or a program: requests by way of the proxy, from a loopback address of its own."""

    def __init__(self, way, source="127.0.0.1", patience_s=PATIENCE_S):
        self.way = way
        self.source = source
        self.patience_s = patience_s
        self.connection = None

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.way.port, self.patience_s, (self.source, 0))
        connection.connect()
        connection.sock = self.way.context.wrap_socket(connection.sock, server_hostname=self.way.name)
        return connection

    def exchange(self, method, target, body=None, headers=None):
        """Status, headers and bytes of an answer; `target` is the whole path."""
        headers = {"Host": self.way.host, "Origin": self.way.origin, **(headers or {})}
        if method in ("GET", "HEAD"):
            del headers["Origin"]
        for again in (True, False):
            self.connection = self.connection or self.connect()
            try:
                self.connection.request(method, target, body, headers)
                answer = self.connection.getresponse()
                data = answer.read()
                if answer.will_close:
                    self.close()
                return answer.status, answer.headers, data
            except (ConnectionError, http.client.HTTPException):
                # A connection that was kept may be closed by now; nothing unsafe is sent twice.
                self.close()
                if not again or method == "POST":
                    raise
        raise Wrong("unreachable")

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def request(self, method, target, body, headers):
        if not target.startswith(self.way.prefix + "/admin"):
            target = self.way.prefix + target
        status, headers, data = self.exchange(method, target, body, headers)
        return status, headers, data.decode(errors="replace")

    def get(self, target, headers=None):
        return self.request("GET", target, None, headers)


class Way:
    """A site, and the proxy in front of it."""

    def __init__(self, kind, prefix, strip, unix):
        self.kind, self.prefix, self.strip, self.unix = kind, prefix, strip, unix
        self.folder = tempfile.mkdtemp(prefix="warta-proxy-")
        os.chmod(self.folder, 0o755)  # what runs as another user goes through it
        self.cache = os.path.join(self.folder, "nginx-warta")
        self.port, self.plain_port, self.inner_port = free_ports(3)
        self.name = "www.example.org" if prefix else "news.example.org"
        self.host = f"{self.name}:{self.port}"
        self.certify()
        self.origin = f"https://{self.host}"
        self.flags = ()
        self.processes = []
        self.visitors = []
        self.site = Site()
        self.socket = os.path.join(self.folder, "warta.sock")

    def certify(self):
        self.certificate, self.key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", f"/CN={self.name}", "-addext", f"subjectAltName=DNS:{self.name}",
                        "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)
        self.context = ssl.create_default_context(cafile=self.certificate)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def deployed(self, name, *pairs):
        """A copy of a file of deploy/, with Warta's address and what else is this machine's replaced."""
        with open(os.path.join(DEPLOY, name), encoding="utf-8") as file:
            text = file.read()
        return self.write(name, replaced(text, *pairs))

    def tls_pairs(self):
        live = f"/etc/letsencrypt/live/{self.name}/"
        return (live + "fullchain.pem", self.certificate), (live + "privkey.pem", self.key)

    def backend(self):
        return f"{self.site.address[0]}:{self.site.address[1]}"

    def serve(self, listen):
        self.site.start(listen=listen, flags=["--base-url", self.origin + self.prefix, "--trusted-proxy", "127.0.0.1/32",
                                              "--metrics-from", "127.0.0.1/32", *self.flags])

    def start(self, flags=()):
        self.flags = flags
        self.serve(f"unix:{self.socket}" if self.unix else "127.0.0.1:0")
        environment = {**ENVIRONMENT, "HOME": self.folder, "XDG_DATA_HOME": self.folder, "XDG_CONFIG_HOME": self.folder}
        with open(os.path.join(self.folder, "said"), "wb") as said:
            for command in STARTS[self.kind](self):
                self.processes.append(subprocess.Popen(command, stdout=said, stderr=said, env=environment, cwd=self.folder))
        until = time.monotonic() + PATIENCE_S
        visitor = self.reader()
        while True:
            with contextlib.suppress(OSError):
                if visitor.get("/healthz")[0] == 200:
                    return
            ended = any(process.poll() is not None for process in self.processes)
            check(not ended and time.monotonic() < until, f"{self.kind} did not start: {self.said()}")
            time.sleep(0.05)

    def said(self):
        with open(os.path.join(self.folder, "said"), encoding="utf-8") as said:
            return said.read()[-3000:]

    def stop(self):
        for visitor in self.visitors:
            visitor.close()
        for process in self.processes:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.site.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def reader(self, *where):
        self.visitors.append(Visitor(self, *where))
        return self.visitors[-1]

    def staff(self, name="ana"):
        return Staff(self.reader(), name)


# --- how each is started: the commands, once the files are written ---


def nginx(way, name, *pairs):
    site = way.deployed(name, *pairs, *way.tls_pairs(),
                        ("listen 80;", f"listen 127.0.0.1:{way.plain_port};"), ("listen [::]:80;", ""),
                        ("listen 443 ", f"listen 127.0.0.1:{way.port} "), ("listen [::]:443 ssl http2;", ""))
    temporary = "".join(f"{kind}_temp_path {way.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = way.write("main.conf", f"""daemon off; pid {way.folder}/pid; worker_processes 1; {"user root;" if AS_ROOT else ""}
        error_log stderr; events {{ }} http {{ access_log off; {temporary} include {site}; }}""")
    return [program("nginx"), "-p", way.folder, "-e", "stderr", "-c", main]


def start_nginx(way):
    strip = [("#rewrite ", "rewrite ")] if way.strip else []
    upstream = f"unix:{way.socket}" if way.unix else way.backend()
    return [nginx(way, "nginx-subpath.conf" if way.prefix else "nginx.conf", *strip,
                  ("server 127.0.0.1:8080;", f"server {upstream};"),
                  # nginx makes the last folder of a path only, and a Debian has /var/cache
                  ("/var/cache/", way.folder + "/"))]


def start_caddy(way):
    strip = [("#uri strip_prefix /news", "uri strip_prefix /news")] if way.strip else []
    config = way.deployed("Caddyfile-subpath" if way.prefix else "Caddyfile", *strip, ("127.0.0.1:8080", way.backend()),
                          ("\tservers {", f"\tadmin off\n\thttp_port {way.plain_port}\n\thttps_port {way.port}\n\tservers {{"),
                          (f"\n{way.name} {{", f"\n{way.name} {{\n\tbind 127.0.0.1\n\ttls {way.certificate} {way.key}"))
    return [[program("caddy"), "run", "--config", config, "--adapter", "caddyfile"]]


def start_apache(way):
    strip = [('"http://127.0.0.1:8080/news/admin"', '"http://127.0.0.1:8080/admin"'),
             ('"/news" "http://127.0.0.1:8080/news"', '"/news/" "http://127.0.0.1:8080/"')] if way.strip else []
    config = way.deployed("apache-subpath.conf" if way.prefix else "apache.conf", *way.tls_pairs(), *strip,
                          ("http://127.0.0.1:8080", f"unix:{way.socket}|http://warta" if way.unix else f"http://{way.backend()}"),
                          ("*:80>", f"*:{way.plain_port}>"), ("*:443>", f"*:{way.port}>"))
    modules = ["mpm_event", "authz_core", "alias", "ssl", "socache_shmcb", "proxy", "proxy_http", "reqtimeout",
               "headers", "rewrite", "setenvif", "cache", "cache_disk", "unique_id", "security2"]
    # What a Debian has, and its settings of the modules; and rules that somebody else set up for other sites.
    os.mkdir(way.cache)
    os.chmod(way.cache, 0o777)
    debian = (f"SecDataDir {way.cache}\nCacheRoot {way.cache}\nCacheDirLevels 2\nCacheDirLength 1\n"
              f'CacheLockPath {way.cache}/lock\nSecRuleEngine On\nSecAction "id:1,phase:2,deny,status:418"')
    load = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in modules)
    user = "User www-data\nGroup www-data" if AS_ROOT else ""
    main = way.write("main.conf", f"""ServerRoot {way.folder}\nPidFile pid\nErrorLog error\nDefaultRuntimeDir {way.folder}
ServerName localhost\n{load}\n{debian}\n{user}\nListen 127.0.0.1:{way.plain_port}\nListen 127.0.0.1:{way.port} https\nInclude {config}\n""")
    return [[program("apache2"), "-f", main, "-DFOREGROUND"]]


def start_varnish(way):
    host, port = way.site.address
    config = way.deployed("varnish.vcl", ('.host = "127.0.0.1"', f'.host = "{host}"'), ('.port = "8080"', f'.port = "{port}"'))
    return [[program("varnishd"), "-F", "-j", "none", "-n", os.path.join(way.folder, "varnish"), "-f", config,
             "-a", f"127.0.0.1:{way.inner_port}", "-s", "malloc,64m", "-p", "backend_idle_timeout=20", "-p", "thread_pool_min=10",
             "-p", "default_grace=0"],  # so that it is the file's that counts
            nginx(way, "varnish-tls.conf", ("news.example.org", way.name), ("127.0.0.1:6081", f"127.0.0.1:{way.inner_port}"))]


STARTS = {"nginx": start_nginx, "caddy": start_caddy, "apache": start_apache, "varnish": start_varnish}


@contextlib.contextmanager
def behind(kind, prefix="", strip=False, unix=False, flags=()):
    """A Way, while its site and its proxy run."""
    way = Way(kind, prefix, strip, unix)
    try:
        way.start(flags)
        yield way
    except Exception as error:
        raise Wrong(f"{kind}{way.prefix}{' stripped' if strip else ''}: {error!r}\n{way.said()}") from error
    finally:
        way.stop()


if __name__ == "__main__":
    with behind(sys.argv[1], sys.argv[2], strip="strip" in sys.argv) as started:
        started.site.user("ana")
        print(started.origin + started.prefix, flush=True)
        sys.stdin.read()
