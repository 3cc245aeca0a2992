"""What must hold behind each proxy. Every function takes a Way whose site has what `fill` put there."""
import concurrent.futures
import contextlib
import glob
import hashlib
import http.client
import http.server
import json
import os
import re
import secrets
import signal
import socket
import threading
import time
import urllib.parse

from crawler import Crawler
from running_site import PASSWORD, PATIENCE_S, Wrong, check, fields_of

MIB = 1 << 20
NOT_THERE = (502, 503, 504)
HANGING_S = 20  # no site lets readers wait that long
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def the_doctor_is_told_the_host(way):
    page = way.staff().look("/admin/doctor")
    check(f"Host</dt><dd>{way.name}" in page, f"another host: {page}")


def fill(way):
    """Items enough for a second page, with all that makes links; a file comes by `upload`."""
    types, places = ("news", "project"), ("Nepal", "Fiji")
    items = [{"type": types[i % 2], "title": f"Item {i}", "summary": "Words of it. " * 5, "date": f"20{18 + i % 2}-08-{i + 1:02}",
              "places": [places[i % 2]], "topics": ["Policy"] if i < 4 else []} for i in range(22)]
    items[21].update({"link": "https://example.org/source", "aliases": ["WCMS_724104"], "body": "A *word*.\n",
                      "event": {"starts": "2019-08-22T09:00", "ends": "2019-08-23", "venue": "Hanoi"}})
    way.site.run("import", "-", text=json.dumps(items))
    way.site.user("ana", "admin")
    way.site.user("ben", "editor")


def at_work(way, on_disk=False):
    """What holds behind every proxy, at the root and below a path."""
    fill(way)
    plain_http_leads_to_tls(way)
    the_doctor_is_told_the_host(way)
    cookies_are_bound(way)
    forms_from_elsewhere_are_refused(way)
    the_host_is_not_believed(way)
    each_is_sent_a_coding_it_takes(way)
    no_address_stands_for_another(way)
    the_clients_address_is_its_own(way)
    guessers_are_slowed_down(way)
    numbers_are_for_the_networks_named(way)
    staffs_pages_are_theirs(way, on_disk)
    large_files_come_through(way)
    every_link_leads_within(way)


# --- readers ---


def a_publish_shows(way, within_s):
    """Who asks later than the stated time after the 303 sees it, however long nobody had asked before."""
    reader, staff = way.reader(), way.staff()
    word = f"Posted {secrets.token_hex(4)}"
    had = {}
    for target in ("/", "/items.json"):
        for _ in range(3):
            status, headers, page = reader.get(target)
            check(status == 200 and "Item 21" in page and word not in page, f"{target} was answered with {status}")
        check("max-age=0" in headers["Cache-Control"], f"a browser may keep {target}: {headers['Cache-Control']}")
        had[target] = headers["ETag"]
    staff.post(title=word)
    time.sleep(within_s)
    for target, tag in had.items():
        check(word in reader.get(target, {"If-None-Match": tag})[2], f"{target} does not show it after {within_s} s")


def each_is_sent_a_coding_it_takes(way):
    reader = way.reader()
    starts = {"gzip": b"\x1f\x8b", None: b"<!doctype html>"}
    for _ in range(2):
        for accepted, coding in (("gzip, deflate", "gzip"), ("identity", None), ("deflate, gzip;q=0.5", "gzip"), ("br;q=0", None),
                                 ("br;q=0, gzip", "gzip"), ("gzip, deflate, br, zstd", "br"), ("gzip;q=0.000, br;q=0.5", "br")):
            status, headers, data = reader.exchange("GET", way.prefix + "/", None, {"Accept-Encoding": accepted})
            # A proxy may choose gzip for who takes both.
            sent = headers["Content-Encoding"]
            check(status == 200 and (sent == coding or (coding == "br" and sent in (None, "gzip") and way.kind == "varnish")),
                  f"{accepted} is sent {sent}")
            check(data[:len(starts.get(sent, b""))].lower() == starts.get(sent, b""), f"{accepted} is sent other bytes than {sent}")
            again, _, rest = reader.exchange("GET", way.prefix + "/", None,
                                             {"Accept-Encoding": accepted, "If-None-Match": headers["ETag"]})
            check(again == 304 and rest == b"", f"{accepted}: {again} for a page that the browser has")


def no_address_stands_for_another(way):
    """Whoever asks for what is not there cannot put that in a page's place, by an address that ends like a coding's name."""
    reader = way.reader()
    for coding in ("br", "gzip"):
        target = f"{way.prefix}/items/item-{len(coding)}"
        for address, accepted, right in ((target + coding, "identity", 404), (target, coding, 200)):
            status, _, _ = reader.exchange("GET", address, None, {"Accept-Encoding": accepted})
            check(status == right, f"{address} in {accepted} is answered with {status}")


KEPT = ("/", "/?type=news", "/items.json", "/items/item-21", "/items/item-21.json")


def pages_outlive_the_site(way, within_s):
    """What was asked for before is read while the site hangs, fails and is stopped; what is staff's, and what was found to be
    withdrawn, is not."""
    withdrawn = a_withdrawn_item_is_gone(way, within_s)
    reader = way.reader()
    for target in KEPT:
        reader.get(target)
    time.sleep(within_s + 1)  # what is kept from before the last change is then not even served while it is fetched anew
    before = {}
    for target in KEPT:
        status, headers, page = reader.get(target)
        check(status == 200, f"{target} is answered with {status}")
        # A browser that knows the page leaves it whole for others.
        check(reader.get(target, {"If-None-Match": headers["ETag"]})[0] == 304, f"{target} is sent to who has it")
        before[target] = page
    time.sleep(within_s + 1)  # past all that is shown without asking
    while_it_hangs(way, before)
    with socket.socket() as held:  # nobody else gets its port
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(way.site.address)
        way.site.stop()
        while_it_fails(way, before)
        while_it_is_stopped(way, before, withdrawn)
    way.serve("{}:{}".format(*way.site.address))
    until = time.monotonic() + HANGING_S
    while any(reader.get(target)[0] != 200 for target in ("/?place=fiji", "/admin/login")):
        check(time.monotonic() < until, "the site is back, and not found")
        time.sleep(0.1)


def while_it_is_stopped(way, before, withdrawn):
    reader = way.reader()
    for _ in range(2):
        for target, page in before.items():
            check(reader.get(target)[::2] == (200, page), f"{target} is not read when the site is stopped")
    for target in ("/admin/login", "/admin", "/?nobody-asked-before"):
        status, _, page = reader.get(target)
        check(status in NOT_THERE, f"{target} is answered with {status} when the site is stopped")
    for target in withdrawn:
        status, _, page = reader.get(target)
        check(status in (404, *NOT_THERE), f"{target} was withdrawn, and is answered with {status} when the site is stopped")


@contextlib.contextmanager
def hanging(way):
    """The site takes connections in, and says nothing."""
    way.site.server.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        way.site.server.send_signal(signal.SIGCONT)


def while_it_hangs(way, before):
    """Nobody waits for longer than HANGING_S, and who asks for a page that is not kept is answered if the site comes back."""
    with concurrent.futures.ThreadPoolExecutor(len(before) + 1) as pool:
        with hanging(way):
            fresh = pool.submit(way.reader("127.0.0.1", PATIENCE_S).get, "/?topic=policy") if way.kind != "apache" else None
            waiting = {target: pool.submit(way.reader("127.0.0.1", HANGING_S).get, target) for target in before}
            for target, answer in waiting.items():
                check(answer.result()[::2] == (200, before[target]), f"{target} is not read while the site hangs")
        check(fresh is None or fresh.result()[0] == 200, "who asked for another page while the site hung is not answered")


def while_it_fails(way, before):
    """In its place stands what answers everything with an error, but seems well."""
    class Failing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            probed = self.path.endswith("/healthz")
            self.server.probes += probed
            self.send_response(200 if probed else self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        allow_reuse_port = True
        probes = 0

    with Server(way.site.address, Failing) as failing:
        serving = threading.Thread(target=failing.serve_forever, args=(0.05,))
        serving.start()
        reader = way.reader()
        try:
            while way.kind == "varnish" and failing.probes < 3:
                time.sleep(0.05)
            for failing.status in (500, *NOT_THERE):
                for target, page in before.items():
                    status, _, said = reader.get(target)
                    check(status == 200 and said == page, f"readers get {status} for {target} when Warta's is {failing.status}")
                status, _, _ = reader.get(f"/?year={failing.status}")
                check(status in (failing.status, 503), f"{failing.status} for a page that is not kept is told as {status}")
        finally:
            failing.shutdown()
            serving.join()


def what_anybody_makes_up_is_not_kept(way):
    """Or whoever asks for enough of it fills the disk."""
    reader, word = way.reader(), secrets.token_hex(8)
    for target in (f"/items/{word}", f"/?q={word}", f"/?type={word}", f"/?{word}"):
        for _ in range(2):
            check(reader.get(target)[0] in (200, 404), f"{target} is answered otherwise")
    check(b"Item 21" in bytes_kept(way) and word.encode() not in bytes_kept(way), "it is kept")


def requests_for_the_listing(way):
    status, _, page = way.site.get("/metrics")
    check(status == 200, f"/metrics answers {status}")
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines()
               if line.startswith('warta_http_requests_total') and 'route="/",' in line)


def a_stampede_is_one_request(way, target, had=0):
    """Many ask at once for a page that is not fresh; `had` of them are given an old one meanwhile, the others wait."""
    visitors = [way.reader() for _ in range(16)]
    for visitor in visitors:
        visitor.connection = visitor.connect()
    before = requests_for_the_listing(way)
    with concurrent.futures.ThreadPoolExecutor(len(visitors)) as pool:
        with hanging(way):
            asked = [pool.submit(visitor.get, target) for visitor in visitors]
            answered = concurrent.futures.as_completed(asked)
            for _ in range(had):
                next(answered)
            time.sleep(0.5)  # so that those who wait do; who comes later is given what is fresh by then
        check(all(answer.result()[0] == 200 for answer in asked), f"not all can read {target}")
    asked_for = requests_for_the_listing(way) - before
    check(asked_for == 1, f"{target} was asked for {asked_for} times")


def a_withdrawn_item_is_gone(way, within_s):
    """Returns its addresses, which were asked for while it was there, and after."""
    reader, staff = way.reader(), way.staff()
    number = staff.post(title="Told too early")
    targets = ("/items/told-too-early", "/items/told-too-early.json")
    check(all(reader.get(target)[0] == 200 for target in targets), "it cannot be read")
    fields = staff.form(f"/admin/items/{number}", 'name="title"')
    status, _, page = staff.send(f"/admin/items/{number}/unpublish", fields)
    check(status == 303, f"withdrawing it was answered with {status}: {page[:2000]}")
    time.sleep(within_s)
    for target in targets:
        status, _, _ = reader.get(target)
        check(status == 404, f"{target} is answered with {status} after it was withdrawn")
    return targets


# --- clients ---


def plain_http_leads_to_tls(way):
    connection = http.client.HTTPConnection("127.0.0.1", way.plain_port, timeout=PATIENCE_S)
    try:
        connection.request("GET", way.prefix + "/?type=news", headers={"Host": way.name})
        answer = connection.getresponse()
        check(answer.status in (301, 308) and answer.headers["Location"] == f"https://{way.name}{way.prefix}/?type=news",
              f"plain http is answered with {answer.status}: {answer.headers}")
    finally:
        connection.close()


# --- staff ---


def bytes_kept(way):
    return b"".join(open(path, "rb").read() for path in glob.glob(way.cache + "/**", recursive=True) if os.path.isfile(path))


def staffs_pages_are_theirs(way, on_disk=False):
    ana, ben, reader = way.staff("ana"), way.staff("ben"), way.reader()
    secret = "Secret" + secrets.token_hex(8)
    status, headers, page = ana.send("/admin/items", [*ana.item(title=secret), ("action", "draft")])
    check(status == 303, f"a draft was answered with {status}")
    editor = headers["Location"].partition("?")[0].removeprefix(way.prefix)
    share = [field for field in ana.form(editor, "/share") if field[0] != "title"]
    status, headers, page = ana.send(editor + "/share", share)
    check(status in (200, 303), f"sharing was answered with {status}")
    page = page if status == 200 else ana.look(headers["Location"])
    preview = re.search(re.escape(way.prefix) + r"(/preview/[\w-]+)", page)[1]
    pages = ["/admin", "/admin?q=" + secret, editor, editor + "/preview", editor + "/revisions", "/admin/account", "/admin/users",
             "/admin/activity", "/admin/login", "/admin/files"]
    for _ in range(3):
        for target in pages:
            status, headers, page = ana.site.get(target, {"Cookie": ana.cookie})
            check(status in (200, 303) and headers["Cache-Control"] == "no-store", f"{target}: {status} {headers}")
            check(not headers["Age"] or headers["Age"] == "0", f"{target} comes from a cache")
            check(" " not in (headers["X-Varnish"] or ""), f"{target} comes from the cache")
        check(secret in ana.look(preview), "the preview does not show the draft")
        # A reader's page is the same for who is logged in, and who is not.
        check(ana.look("/") == reader.get("/")[2], "a member of staff gets another listing")
    for target in pages:
        for cookie in ("", ben.cookie):
            status, headers, page = reader.get(target, {"Cookie": cookie})
            # Ben may see the draft too, but nothing of Ana's session.
            check(cookie or secret not in page, f"{target} shows a draft to everybody")
            check(re.search(r'name="csrf" value="([^"]+)"', ana.look("/admin"))[1] not in page, f"{target} holds another's token")
            check(ana.cookie not in (headers["Set-Cookie"] or ""), f"{target} hands out another's cookie")
            check(cookie or target == "/admin/login" or status == 303, f"{target} is answered with {status} to everybody")
    check("ben" in ben.look("/admin/account") and "ben" not in ana.look("/admin/account"), "accounts are mixed up")
    if on_disk:
        kept = bytes_kept(way)
        check(b"Item 21" in kept, "readers' pages are not found where they are kept")
        for what in (secret, preview, ana.cookie.partition("=")[2], ana.cookie, 'name="csrf"', "Set-Cookie"):
            check(what.encode() not in kept, f"{what} is kept on disk")


def cookies_are_bound(way):
    _, headers, _ = way.reader().get("/admin/login")
    name, _, rest = headers["Set-Cookie"].partition("=")
    parts = rest.lower().split("; ")
    expected = "__Secure-warta" if way.prefix else "__Host-warta"
    check(name == expected, f"the cookie is {name}")
    check({f"path={way.prefix or '/'}", "httponly", "secure", "samesite=lax"} <= set(parts), f"the cookie has {parts}")


def forms_from_elsewhere_are_refused(way):
    """The staff of the other scenes send our own Origin, and are let in."""
    staff = way.staff()
    form = [*staff.item(title="From elsewhere"), ("action", "publish")]
    for origin in ("https://elsewhere.example", "null", way.origin + ".elsewhere.example", f"http://127.0.0.1:{way.port}"):
        status, _, _ = staff.send("/admin/items", form, {"Origin": origin})
        check(status == 403, f"a form from {origin} is answered with {status}")
    status, _, _ = staff.send("/admin/items", form)
    check(status == 303, f"our own form is answered with {status}")


def the_host_is_not_believed(way):
    """Nor what else a client may say of where it is."""
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": "/evil", "X-Original-URL": "/evil",
            "Forwarded": "host=evil.example;for=203.0.113.7", "X-Real-IP": "203.0.113.7"}
    reader = way.reader()
    for host in (way.host, "evil.example"):
        for target in ("/?topic=policy", "/items/item-20", "/items.json?topic=policy", "/admin", "/items/item-20/", "/nothing-here"):
            _, headers, page = reader.get(target, {**lies, "Host": host})
            check("evil" not in page + str(headers) and "gopher" not in page + str(headers), f"{target} believes the client")
            _, headers, page = reader.get(target)
            check("evil" not in page + str(headers), f"{target} tells others what a client said")


def the_clients_address_is_its_own(way):
    """A client that is no proxy, and pretends to be one: the log has its real address."""
    stranger = way.reader("127.0.0.2")
    for said in ("198.51.100.9", "198.51.100.9, 127.0.0.1", "127.0.0.1"):
        before = len(way.site.log())
        status, _, _ = try_to_log_in(stranger, "nobody", "wrong wrong wrong", **{"X-Forwarded-For": said})
        check(status in (422, 429), f"a wrong login is answered with {status}")
        log = way.site.log()[before:]
        check("198.51.100.9" not in log, f"a spoofed address is believed: {log}")
        check(status == 429 or "wrong name or password from 127.0.0.2" in log, f"another address is in the log: {log}")


def try_to_log_in(reader, name, password, **head):
    _, headers, page = reader.get("/admin/login")
    form = dict(fields_of(page), username=name, password=password)
    return reader.request("POST", "/admin/login", urllib.parse.urlencode(form),
                          {**FORM, "Cookie": headers["Set-Cookie"].partition(";")[0], **head})


def guessers_are_slowed_down(way):
    """By Warta, which knows them apart by what the proxy says: from another address the same name can log in."""
    guesser = way.reader("127.3.0.1")
    for guess in range(12):
        status, headers, _ = try_to_log_in(guesser, "ben", f"wrong wrong wrong {guess}")
        check(status in (422, 429), f"a wrong login is answered with {status}")
        if status == 429:
            break
    check(status == 429 and int(headers["Retry-After"]) > 0, "12 guesses were taken")
    check(guesser.get("/")[0] == 200, "a guesser may not read")
    status, _, _ = try_to_log_in(way.reader("127.4.0.1"), "ben", PASSWORD)
    check(status == 303, f"whose password was guessed at is answered with {status}")


def a_flood_of_logins_is_kept_away(way):
    """From one address; another can log in, and everybody can look."""
    flood = way.reader("127.0.0.3")
    for taken in range(100):
        status, _, _ = flood.request("POST", "/admin/login", "a=b", {**FORM, "Origin": "https://elsewhere.example"})
        check(status in (403, 429), f"answered with {status}")
        if status == 429:
            break
    check(status == 429, "100 logins came through at once")
    check(taken >= 20, f"only {taken} logins are taken")
    check(flood.get("/admin/login")[0] == 200 and flood.get("/")[0] == 200, "nor may it look")
    way.staff()


def numbers_are_for_the_networks_named(way):
    """Whoever asked before, and whatever a stranger says of where it is."""
    for _ in range(2):
        status, _, page = way.reader("127.0.0.1").get("/metrics")
        check(status == 200 and "warta_items" in page, f"/metrics is answered with {status}")
        for said in ({}, {"X-Forwarded-For": "127.0.0.1"}):
            status, _, page = way.reader("127.0.0.2").get("/metrics", said)
            check(status == 404 and "warta_items" not in page, f"/metrics is answered with {status} to a stranger")


def large_files_come_through(way):
    """20 MiB; and what is too large is told."""
    staff = way.staff()
    content = b"%PDF-1.4\n" + secrets.token_bytes(20 * MIB) + b"\n%%EOF\n"
    boundary = secrets.token_hex(16)
    fields = [*staff.item(title="With a large file"), ("action", "publish")]
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="upload"; filename="report of the year.pdf"\r\n'
                 "Content-Type: application/pdf\r\n\r\n".encode() + content + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    status, headers, page = staff.send("/admin/items", None, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body)
    check(status == 303, f"20 MiB were answered with {status}: {page[:2000]}")
    reader = way.reader()
    page = reader.get("/items/with-a-large-file")[2]
    found = re.search(r'href="([^"]*/files/[^"]*)"', page)
    check(found and found[1].startswith(way.prefix + "/files/"), f"the item's page has no file: {page[:3000]}")
    status, headers, data = reader.exchange("GET", found[1])
    check(status == 200 and hashlib.sha256(data).digest() == hashlib.sha256(content).digest(), f"another file came back: {status}")
    status, headers, data = reader.exchange("GET", found[1], None, {"Range": f"bytes={10 * MIB}-{10 * MIB + 99}"})
    check(status == 206 and data == content[10 * MIB:10 * MIB + 100], f"a part of it is answered with {status}")
    status, _, _ = reader.exchange("GET", found[1], None, {"If-None-Match": headers["ETag"]})
    check(status == 304, f"{status} for a file that the browser has")
    too_large(way)


def too_large(way):
    connection = way.reader().connect()
    try:
        connection.putrequest("POST", way.prefix + "/admin/items", skip_host=True)
        for name, value in (("Host", way.host), ("Origin", way.origin), ("Content-Type", "multipart/form-data; boundary=a"),
                            ("Content-Length", str(30 * MIB))):
            connection.putheader(name, value)
        connection.endheaders()
        # All of it, as a browser does; the answer may come before its end.
        with contextlib.suppress(OSError):
            connection.send(bytes(30 * MIB))
        status = connection.getresponse().status
        check(status == 413, f"30 MiB are answered with {status}")
    finally:
        connection.close()


def slow_senders_are_few(way, most):
    """Of one address; another is served."""
    waiting = []
    for _ in range(most + 10):
        with contextlib.suppress(OSError):
            waiting.append(way.reader("127.0.0.6").connect())
            waiting[-1].sock.sendall(f"GET {way.prefix}/ HTTP/1.1\r\nHost: {way.host}\r\n".encode())
    try:
        if len(waiting) == most + 10:
            waiting[-1].sock.settimeout(5)
            with contextlib.suppress(ConnectionError):
                check(waiting[-1].sock.recv(1) == b"", "who sends slowly is answered")
        waiting[0].sock.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            check(not waiting[0].sock.recv(1), "who sends slowly is answered")
            raise Wrong("none may send slowly")
        check(way.reader("127.0.0.7").get("/")[0] == 200, "others are not served meanwhile")
    finally:
        for connection in waiting:
            connection.close()


def trickle(way):
    """Begins a request that never gets to the end of its head. What is returned waits until the proxy has had enough."""
    connection = way.reader().connect()
    connection.sock.settimeout(0.5)

    def until_closed():
        connection.sock.sendall(f"GET {way.prefix}/ HTTP/1.1\r\nHost: {way.host}\r\n".encode())
        until = time.monotonic() + PATIENCE_S / 2
        while time.monotonic() < until:
            try:
                connection.sock.sendall(b"X-A: b\r\n")
                if connection.sock.recv(1000) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        raise Wrong("the proxy takes a head that never ends")

    pool = concurrent.futures.ThreadPoolExecutor(1)
    waiting = pool.submit(until_closed)
    pool.shutdown(wait=False)
    return waiting.result


# --- links ---


def every_link_leads_within(way):
    """Those of readers and of staff, after `large_files_come_through`."""
    starts = ("", "/", "/items/WCMS_724104", "/items/item-1/", "/nothing-here", "/admin", "/items?x", "/?year=x", "/admin/login")
    reader = Crawler(way, way.reader())
    reader.crawl(*starts)
    staff = way.staff()
    desk = Crawler(way, staff.site, staff.cookie)
    desk.crawl(*starts)
    for crawler, kinds in ((reader, ("/", "/items/item-21", "/items/item-21.json", "/items/item-21.md", "/items.json", "/files/",
                                     "/static/", "/admin/login", "/?after=", "/?type=news", "/items.json?type=")),
                           (desk, ("/admin/items/new", "/admin/items/1", "/admin/items/1/revisions", "/admin/users", "/admin/types",
                                   "/admin/files", "/admin/activity", "/admin/account", "/static/admin."))):
        for kind in kinds:
            check(any(target.startswith(way.prefix + kind) for target in crawler.seen), f"{kind} was not found by its links")
    check({way.prefix + path for path in ("/admin/logout", "/admin/items", "/admin/types", "/admin/users")} <= desk.posted,
          f"forms were found for {sorted(desk.posted)} only")
