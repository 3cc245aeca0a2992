"""Follows every address that a site's answers hold, and finds those that lead out of its prefix.

Addresses are what stands in HTML's attributes, in style sheets, in JSON, and in headers. GET forms are sent as they are; a
POST form is sent as from another site, which must be refused, as that changes nothing and shows that its address is one.
"""
import html.parser
import json
import re
import urllib.parse

from running_site import check

OUTSIDE = {"example.org", "jsonfeed.org"}  # what items link to, and the version of a JSON Feed
FILTERS_MAX = 2  # more of them at once are looked at, but not followed: there is no end to them


class Addresses(html.parser.HTMLParser):
    def __init__(self, base):
        super().__init__()
        self.base = base
        self.found, self.forms = set(), []

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        for name, value in values.items():
            plain = name in ("href", "src", "action", "formaction", "poster", "cite")
            # What a field holds is no address yet: where to go after a login is told without the prefix.
            if plain or name != "value" and value.startswith(("/", "http://", "https://")):
                self.found.add(value)
            if name == "srcset":
                self.found.update(part.split()[0] for part in value.split(",") if part.split())
        if tag == "form":
            self.forms.append((values.get("method", "get").lower(), values.get("action", ""), []))
        elif "formaction" in values:
            self.forms.append(("post", values["formaction"], []))
        elif tag in ("input", "select", "textarea") and "name" in values and self.forms:
            self.forms[-1][2].append((values["name"], values.get("value", "")))


def in_json(value, found, pages):
    """Strings that are addresses, and HTML, wherever they stand."""
    if isinstance(value, dict):
        for key, inner in value.items():
            (pages if key == "content_html" and isinstance(inner, str) else []).append(inner)
            in_json(inner, found, pages)
    elif isinstance(value, list):
        for inner in value:
            in_json(inner, found, pages)
    elif isinstance(value, str) and re.match(r"(/|https?://)\S*$", value):
        found.add(value)


class Crawler:
    def __init__(self, way, visitor, cookie=""):
        self.way, self.visitor, self.cookie = way, visitor, cookie
        self.seen, self.posted = set(), set()
        self.waiting = []

    def take(self, address, where):
        """Notes an address: it must be in the prefix, once, or be one that an item has from outside."""
        whole = urllib.parse.urljoin(self.way.origin + where, address)
        parts = urllib.parse.urlsplit(whole)
        if parts.scheme not in ("http", "https") or parts.netloc in OUTSIDE:
            return None
        prefix = self.way.prefix
        check(f"{parts.scheme}://{parts.netloc}" == self.way.origin, f"{where} leads to another host: {address}")
        check(parts.path == prefix or parts.path.startswith(prefix + "/"), f"{where} leads out of the prefix: {address}")
        check(not prefix or (prefix + prefix) not in parts.path, f"{where} has the prefix twice: {address}")
        target = parts.path + ("?" + parts.query if parts.query else "")
        filters = re.findall(r"(?:^|&)(?:type|place|topic|year|lang)=", parts.query)
        if target not in self.seen and len(filters) <= FILTERS_MAX:
            self.seen.add(target)
            self.waiting.append(target)
        return target

    def take_forms(self, addresses, where):
        for method, action, fields in addresses.forms:
            target = self.take(action or where, where)
            if method == "get":
                query = urllib.parse.urlencode([(name, value) for name, value in fields if value])
                self.take(target.partition("?")[0] + ("?" + query if query else ""), where)
            elif target not in self.posted:
                self.posted.add(target)
                status, _, _ = self.visitor.exchange("POST", target, "a=b", {
                    "Origin": "https://elsewhere.example", "Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"})
                check(status == 403, f"{where}: a form sent to {target} from elsewhere was answered with {status}")

    def read(self, where, headers, data):
        media_type = (headers["Content-Type"] or "").partition(";")[0]
        found, pages = set(), []
        if media_type == "text/html":
            pages.append(data.decode())
        elif media_type == "text/css":
            found.update(re.findall(r"url\([\"']?([^)\"']+)", data.decode()))
        elif media_type in ("application/json", "application/feed+json"):
            in_json(json.loads(data), found, pages)
        found.update(re.findall(r"<([^>]*)>", headers["Link"] or ""))
        for page in pages:
            addresses = Addresses(where)
            addresses.feed(page)
            found.update(addresses.found)
            self.take_forms(addresses, where)
        for address in found:
            self.take(address, where)

    def visit(self, target, allowed):
        status, headers, data = self.visitor.exchange("GET", target, None, {"Cookie": self.cookie})
        check(status in allowed, f"{target} was answered with {status}")
        if headers["Location"]:
            self.take(headers["Location"], target)
        self.read(target, headers, data)

    def crawl(self, *starts):
        """`starts` are within the prefix, and may be answered with an error page."""
        for start in starts:
            target = self.way.prefix + start
            self.seen.add(target)
            self.visit(target, (200, 301, 303, 308, 404, 405, 400))
        while self.waiting:
            # What only became an address by being resolved is there, or leads on.
            target = self.waiting.pop()
            if target.partition("?")[0].endswith(("/admin/items", "/admin/logout")) or target in self.posted:
                continue
            self.visit(target, (200, 301, 303, 308))
