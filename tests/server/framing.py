"""Framing on the wire: each request is well-formed by RFC 9112 and answered, or it is refused once and the connection ends.

    WARTA=build/warta python3 tests/server/framing.py

Malformed requests are followed by one that must never be answered. Each row is sent in one piece, in single bytes, and
behind requests that are in order. The access log and the metrics must count as many answers as came.
"""
import json
import os
import re
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from running_site import PATIENCE_S, Site, Wrong, check

H = b"Host: a\r\n"
FIRST = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
SMUGGLED = b"GET /items.json HTTP/1.1\r\nHost: b\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
STATUS_LINE = rb"HTTP/1\.1 (\d{3}) "
BAD, TARGET, FIELDS, VERSION, LARGE = {400}, {414}, {431}, {505}, {413}
CODING = {400, 501}


def line(text):
    return text + b"\r\n" + H + b"\r\n"


def head(*fields):
    return b"GET /healthz HTTP/1.1\r\n" + H + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def post(*fields, body=b""):
    return b"POST / HTTP/1.1\r\n" + H + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def chunked(body, *fields):
    return post(b"Transfer-Encoding: chunked", *fields, body=body)


def length(value, body=b"hello"):
    return post(b"Content-Length:" + value, body=body)


# name, bytes, statuses allowed
MALFORMED = [
    # the request line
    ("two spaces before the target", line(b"GET  /healthz HTTP/1.1"), BAD),
    ("two spaces before the version", line(b"GET /healthz  HTTP/1.1"), BAD),
    ("space before the method", line(b" GET /healthz HTTP/1.1"), BAD),
    ("space after the version", line(b"GET /healthz HTTP/1.1 "), BAD),
    ("tab instead of the first space", line(b"GET\t/healthz HTTP/1.1"), BAD),
    ("tab instead of the second space", line(b"GET /healthz\tHTTP/1.1"), BAD),
    ("tab after a space", line(b"GET \t/healthz HTTP/1.1"), BAD),
    ("vertical tab in the request line", line(b"GET /healthz\x0b HTTP/1.1"), BAD),
    ("form feed in the request line", line(b"GET\x0c/healthz HTTP/1.1"), BAD),
    ("four words", line(b"GET /healthz a HTTP/1.1"), BAD),
    ("no target", line(b"GET HTTP/1.1"), BAD),
    ("no version", line(b"GET /healthz"), BAD),
    ("method alone", line(b"GET"), BAD),
    ("no method", line(b"/healthz HTTP/1.1"), BAD),
    ("LF after the request line", b"GET /healthz HTTP/1.1\n" + H + b"\r\n", BAD),
    ("CR after the request line", b"GET /healthz HTTP/1.1\r" + H + b"\r\n", BAD),
    ("two CRs after the request line", b"GET /healthz HTTP/1.1\r\r\n" + H + b"\r\n", BAD),
    ("LF before the request", b"\n" + head(), BAD),
    ("CR before the request", b"\r" + head(), BAD),
    ("space on an empty line before the request", b" \r\n" + head(), BAD),
    ("method with brackets", line(b"G(E)T /healthz HTTP/1.1"), BAD),
    ("method with a colon", line(b"GET: /healthz HTTP/1.1"), BAD),
    ("NUL in the method", line(b"GE\0T /healthz HTTP/1.1"), BAD),
    ("byte over 0x7f in the method", line(b"G\xcbT /healthz HTTP/1.1"), BAD),
    ("NUL behind the version", line(b"GET /healthz HTTP/1.1\0"), BAD),
    ("version in lower case", line(b"GET /healthz http/1.1"), BAD),
    ("version without a minor digit", line(b"GET /healthz HTTP/1"), BAD),
    ("version with two minor digits", line(b"GET /healthz HTTP/1.10"), BAD),
    ("version with a comma", line(b"GET /healthz HTTP/1,1"), BAD),
    ("version of letters", line(b"GET /healthz HTTP/a.b"), BAD),
    ("version of another protocol", line(b"GET /healthz HTTQ/1.1"), BAD),
    ("HTTP/0.9", line(b"GET /healthz HTTP/0.9"), VERSION),
    ("HTTP/2.0", line(b"GET /healthz HTTP/2.0"), VERSION),
    ("HTTP/9.9", line(b"GET /healthz HTTP/9.9"), VERSION),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", VERSION),
    # the target
    ("NUL in the target", line(b"GET /heal\0thz HTTP/1.1"), BAD),
    ("NUL at the target's end", line(b"GET /healthz\0 HTTP/1.1"), BAD),
    ("NUL in the query", line(b"GET /healthz?a=\0b HTTP/1.1"), BAD),
    ("DEL in the target", line(b"GET /healthz\x7f HTTP/1.1"), BAD),
    ("control in the target", line(b"GET /heal\x01thz HTTP/1.1"), BAD),
    ("CR in the target", line(b"GET /heal\rthz HTTP/1.1"), BAD),
    ("LF in the target", line(b"GET /heal\nthz HTTP/1.1"), BAD),
    ("byte over 0x7f in the target", line(b"GET /caf\xe9 HTTP/1.1"), BAD),
    ("fragment", line(b"GET /healthz#a HTTP/1.1"), BAD),
    ("escaped NUL", line(b"GET /healthz%00 HTTP/1.1"), BAD),
    ("a target of 5 KB", line(b"GET /" + b"a" * 5000 + b" HTTP/1.1"), TARGET),
    ("a target of 40 KB", line(b"GET /" + b"a" * 40000 + b" HTTP/1.1"), TARGET),
    ("a query of 2000 parts", line(b"GET /healthz?" + b"a&" * 2000 + b" HTTP/1.1"), TARGET),
    # header lines
    ("LF after a header", b"GET /healthz HTTP/1.1\r\n" + H + b"X: b\n\r\n", BAD),
    ("LF after Host", b"GET /healthz HTTP/1.1\r\nHost: a\n\r\n", BAD),
    ("LF as the head's end", b"GET /healthz HTTP/1.1\r\n" + H + b"\n", BAD),
    ("LF at all ends", b"GET /healthz HTTP/1.1\nHost: a\n\n", BAD),
    ("CR after a header", b"GET /healthz HTTP/1.1\r\n" + H + b"X: b\rY: c\r\n\r\n", BAD),
    ("two CRs after a header", head(b"X: b\r"), BAD),
    ("CR as the head's end", b"GET /healthz HTTP/1.1\r\n" + H + b"\r\r\n", BAD),
    ("CR before a name", head(b"\rX: b"), BAD),
    ("CR behind the colon", head(b"X:\r b"), BAD),
    ("NUL in a value", head(b"X: a\0b"), BAD),
    ("NUL as a value", head(b"X: \0"), BAD),
    ("NUL in a name", head(b"X\0: b"), BAD),
    ("NUL as a line", head(b"\0"), BAD),
    ("NUL in Host", b"GET /healthz HTTP/1.1\r\nHost: a\0b\r\n\r\n", BAD),
    ("escape in a value", head(b"X: \x1b[31m"), BAD),
    ("DEL in a value", head(b"X: \x7f"), BAD),
    ("backspace in a value", head(b"Cookie: a=\x08"), BAD),
    ("control far into a value", head(b"X: " + b"a" * 1000 + b"\x01" + b"a" * 1000), BAD),
    ("folded with a space", head(b"X: b", b" c"), BAD),
    ("folded with a tab", head(b"X: b", b"\tc: d"), BAD),
    ("folded to a smuggled length", post(b"X: b", b" Content-Length: 5", body=b"hello"), BAD),
    ("folded length", post(b"Content-Length:", b" 5", body=b"hello"), BAD),
    ("folded before the first header", b"GET /healthz HTTP/1.1\r\n X: b\r\n" + H + b"\r\n", BAD),
    ("white space as a line", head(b" "), BAD),
    ("header without a name", head(b": x"), BAD),
    ("header without a name first", b"GET /healthz HTTP/1.1\r\n: x\r\n" + H + b"\r\n", BAD),
    ("colon alone", head(b":"), BAD),
    ("line without a colon", head(b"nonsense"), BAD),
    ("line without a colon last", head(b"X: b", b"Y"), BAD),
    ("space before the colon", head(b"X : b"), BAD),
    ("tab before the colon", head(b"X\t: b"), BAD),
    ("space before the colon of a length", post(b"Content-Length : 5", body=b"hello"), BAD),
    ("space before the colon of chunks", post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n"), BAD),
    ("space in a name", head(b"X Y: b"), BAD),
    ("brackets in a name", head(b"X[]: b"), BAD),
    ("quote in a name", head(b'"X": b'), BAD),
    ("byte over 0x7f in a name", head(b"X\xe9: b"), BAD),
    ("heads that balance, one LF", b"GET /healthz HTTP/1.1\r\nHost: a\r\nY0: b\n: x\r\n", BAD),
    ("heads that balance, three LFs", b"GET /healthz HTTP/1.1\r\nHost: a\r\nY0: b\nY1: b\nY2: b\n: x\r\n", BAD),
    ("heads that balance, CRLFs", b"GET /healthz HTTP/1.1\r\nHost: a\r\nY0: b\r\nY1: b\r\nY2: b\r\n: x\r\n", BAD),
    ("65 headers", head(*[b"X: b"] * 64), FIELDS),
    ("10 KB of headers", head(b"X: " + b"b" * 10000), FIELDS),
    ("a name of 10 KB", head(b"X" * 10000 + b": b"), FIELDS),
    ("1200 cookies", head(*[b"Cookie: " + b"a=b; " * 150 + b"c=d"] * 8), FIELDS),
    # the body's length
    ("empty length", length(b""), BAD),
    ("blank length", length(b" \t"), BAD),
    ("negative length", length(b" -5"), BAD),
    ("signed length", length(b" +5"), BAD),
    ("hexadecimal length", length(b" 0x5"), BAD),
    ("fractional length", length(b" 5.0"), BAD),
    ("length with a word", length(b" 5a"), BAD),
    ("length in two parts", length(b" 5 5"), BAD),
    ("length in two parts by a tab", length(b" 1\t0"), BAD),
    ("length with NUL", length(b" 5\0"), BAD),
    ("length with a vertical tab", length(b" \x0b5"), BAD),
    ("length list", length(b" 5, 5"), BAD),
    ("length of 11 digits", length(b" 00000000005"), BAD),
    ("length of 20 digits", length(b" 18446744073709551621"), BAD),
    ("length twice", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"), BAD),
    ("two lengths", post(b"Content-Length: 0", b"content-length: 5", body=b"hello"), BAD),
    ("two lengths, far apart", post(b"Content-Length: 5", b"X: b", b"CONTENT-LENGTH: 0", body=b"hello"), BAD),
    ("length of a GET that is no number", head(b"Content-Length: a"), BAD),
    # chunks
    ("chunked and a length", post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), BAD),
    ("length and chunked", post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), BAD),
    ("chunked and a length of 0", post(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), BAD),
    ("chunked twice", chunked(b"0\r\n\r\n", b"Transfer-Encoding: chunked"), BAD),
    ("chunked, chunked", post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"), CODING),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), CODING),
    ("chunked, identity", post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), CODING),
    ("identity", post(b"Transfer-Encoding: identity"), CODING),
    ("empty coding", post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), CODING),
    ("xchunked", post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), CODING),
    ("chunked with a parameter", post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"), CODING),
    ("quoted chunked", post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"), CODING),
    ("chunked with a control", post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), BAD),
    ("chunked with NUL", post(b"Transfer-Encoding: chunked\0", body=b"0\r\n\r\n"), BAD),
    ("chunked in HTTP/1.0", chunked(b"0\r\n\r\n").replace(b"1.1", b"1.0"), BAD),
    ("size of no digits", chunked(b"\r\nhello\r\n0\r\n\r\n"), BAD),
    ("size that is no number", chunked(b"x\r\nhello\r\n0\r\n\r\n"), BAD),
    ("size with 0x", chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("negative size", chunked(b"-5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("signed size", chunked(b"+5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("space before a size", chunked(b" 5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("space behind a size", chunked(b"5 \r\nhello\r\n0\r\n\r\n"), BAD),
    ("two sizes", chunked(b"5 5\r\nhello\r\n0\r\n\r\n"), BAD),
    ("size of 17 digits", chunked(b"00000000000000005\r\nhello\r\n0\r\n\r\n"), BAD | LARGE),
    ("size over 64 bits", chunked(b"10000000000000005\r\nhello\r\n0\r\n\r\n"), BAD | LARGE),
    ("LF after a size", chunked(b"5\nhello\r\n0\r\n\r\n"), BAD),
    ("two CRs after a size", chunked(b"5\r\rhello\r\n0\r\n\r\n"), BAD),
    ("CR after a size", chunked(b"5\rhello\r\n0\r\n\r\n"), BAD),
    ("NUL after a size", chunked(b"5\0\r\nhello\r\n0\r\n\r\n"), BAD),
    ("LF after the last size", chunked(b"5\r\nhello\r\n0\n\r\n"), BAD),
    ("LF in an extension", chunked(b"5;a\nhello\r\n0\r\n\r\n"), BAD),
    ("CR in an extension", chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n"), BAD),
    ("NUL in an extension", chunked(b"5;a\0\r\nhello\r\n0\r\n\r\n"), BAD),
    ("an extension of 30 KB", chunked(b"5;" + b"a" * 30000 + b"\r\nhello\r\n0\r\n\r\n"), BAD),
    ("data longer than its size", chunked(b"3\r\nhello\r\n0\r\n\r\n"), BAD),
    ("data shorter than its size", chunked(b"6\r\nhello\r\n0\r\n\r\n"), BAD),
    ("LF after the data", chunked(b"5\r\nhello\n0\r\n\r\n"), BAD),
    ("two CRs after the data", chunked(b"5\r\nhello\r\r0\r\n\r\n"), BAD),
    ("nothing after the data", chunked(b"5\r\nhello0\r\n\r\n"), BAD),
    # trailers
    ("folded trailer", chunked(b"0\r\nX: a\r\n b\r\n\r\n"), BAD),
    ("folded first trailer", chunked(b"0\r\n X: a\r\n\r\n"), BAD),
    ("NUL in a trailer", chunked(b"0\r\nX: a\0\r\n\r\n"), BAD),
    ("NUL in a trailer's name", chunked(b"0\r\nX\0: a\r\n\r\n"), BAD),
    ("LF after a trailer", chunked(b"0\r\nX: a\n\r\n"), BAD),
    ("two CRs after a trailer", chunked(b"0\r\nX: a\r\r\n\r\n"), BAD),
    ("LF as the trailer's end", chunked(b"0\r\nX: a\r\n\n"), BAD),
    ("trailer without a name", chunked(b"0\r\n: a\r\n\r\n"), BAD),
    ("trailer without a colon", chunked(b"0\r\nnonsense\r\n\r\n"), BAD),
    ("space before a trailer's colon", chunked(b"0\r\nX : a\r\n\r\n"), BAD),
    ("30 KB of trailers", chunked(b"0\r\n" + b"X: a\r\n" * 5000 + b"\r\n"), BAD),
    # a request where the body's end should be
    ("request in place of the trailer", chunked(b"0\r\n" + SMUGGLED), BAD),
    ("request behind an extension", chunked(b"0;a\r\n" + SMUGGLED), BAD),
    ("request behind LF", chunked(b"0\r\n\n" + SMUGGLED), BAD),
]

ANY = {200, 204, 303, 403, 404, 405, 415, 422}  # the pipeline has answered, whatever it said

# name, bytes, statuses allowed
WELL_FORMED = [
    ("GET", head(), {200}),
    ("GET of JSON", SMUGGLED, {200}),
    ("HEAD", head().replace(b"GET", b"HEAD"), {200}),
    ("OPTIONS", head().replace(b"GET", b"OPTIONS"), {200, 204}),
    ("unknown method", line(b"BREW / HTTP/1.1"), {405, 501}),
    ("a later minor version", line(b"GET /healthz HTTP/1.2"), {200}),
    ("one empty line before the request", b"\r\n" + head(), {200}),
    ("two empty lines before the request", b"\r\n\r\n" + head(), {200}),
    ("empty value", head(b"X:"), {200}),
    ("blank value", head(b"X: \t "), {200}),
    ("no space behind the colon", b"GET /healthz HTTP/1.1\r\nHost:a\r\n\r\n", {200}),
    ("tabs in a value", head(b"X:\tb\tc\t"), {200}),
    ("bytes over 0x7f in a value", head(b"X: caf\xc3\xa9 \x80\xff"), {200}),
    ("colons in a value", head(b"X: a:b: c"), {200}),
    ("every token character", head(b"!#$%&'*+-.^_`|~09azAZ: b"), {200}),
    ("names like a length", head(b"Content-Lengths: x", b"Content-Lengt: y", b"XContent-Length: z", b"TE: chunked"), {200}),
    ("64 headers", head(*[b"X: b"] * 63), {200}),
    ("8 KB of headers", head(b"X: " + b"b" * 8000), {200}),
    ("100 cookies", head(b"Cookie: " + b"a=b; " * 99 + b"c=d"), {200}),
    ("150 parts of a query", line(b"GET /?" + b"a&" * 149 + b"b HTTP/1.1"), {200}),
    ("length of 0", head(b"Content-Length: 0"), {200}),
    ("GET with a body", head(b"Content-Length: 5") + b"hello", ANY),
    ("POST", length(b" 5"), ANY),
    ("length without a space", length(b"5"), ANY),
    ("length with white space around", length(b" \t 5 \t "), ANY),
    ("length with zeros before", length(b" 0000000005"), ANY),
    ("length in upper case", post(b"CONTENT-LENGTH: 5", body=b"hello"), ANY),
    ("body like a request", length(b" %d" % len(SMUGGLED), SMUGGLED), ANY),
    ("body of line ends and NULs", length(b" 6", b"\r\n\n\r\0\0"), ANY),
    ("POST of 100 KB", length(b" 100000", b"\n" * 100000), ANY),
    ("no chunks", chunked(b"0\r\n\r\n"), ANY),
    ("chunks", chunked(b"5\r\nhello\r\n00a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"), ANY),
    ("chunked in upper case", post(b"TRANSFER-ENCODING:CHUNKED", body=b"A\r\n0123456789\r\n0\r\n\r\n"), ANY),
    ("chunked with white space around", post(b"Transfer-Encoding: \tchunked \t", body=b"0\r\n\r\n"), ANY),
    ("size of 16 digits", chunked(b"0000000000000005\r\nhello\r\n000\r\n\r\n"), ANY),
    ("extension", chunked(b"5;a\r\nhello\r\n0\r\n\r\n"), ANY),
    ("extension with a value", chunked(b"5;a=b\r\nhello\r\n0;c=d\r\n\r\n"), ANY),
    ("extension with a quoted value", chunked(b'5;a="b;c"\r\nhello\r\n0\r\n\r\n'), ANY),
    ("extension with white space", chunked(b"5 ; a = b\r\nhello\r\n0\t;a\r\n\r\n"), ANY),
    ("extensions", chunked(b"1;a;b;c=d\r\nx\r\n" * 50 + b"0;e\r\n\r\n"), ANY),
    ("trailer", chunked(b"5\r\nhello\r\n0\r\nX: a\r\n\r\n"), ANY),
    ("trailers that mean something in a head", chunked(b"0\r\nHost: b\r\nContent-Length: 9\r\n\r\n"), ANY),
    ("extension and trailer", chunked(b"5;a\r\nhello\r\n0;b\r\nX: \r\nY: \t\xff\r\n\r\n"), ANY),
    ("8 KB of trailers", chunked(b"0\r\n" + b"X: a\r\n" * 1300 + b"\r\n"), ANY),
    ("chunk of 100 KB", chunked(b"186A0\r\n" + b"\r" * 100000 + b"\r\n0\r\n\r\n"), ANY),
]


class Talk:
    """A connection, and how many answers came on all of them."""

    answers = 0

    def __init__(self, address):
        self.socket = socket.create_connection(address, PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data, piece=None):
        piece = piece or max(len(data), 1)
        try:
            for at in range(0, len(data), piece):
                self.socket.sendall(data[at:at + piece])
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of it was sent

    def until_end(self):
        """Statuses of all answers, and all that came."""
        try:
            while data := self.socket.recv(65536):
                self.pending += data
        except ConnectionResetError:
            pass
        except socket.timeout:
            raise Wrong(f"left open after {self.pending!r}") from None
        statuses = [int(status) for status in re.findall(STATUS_LINE, self.pending)]
        Talk.answers += sum(status != 100 for status in statuses)
        return statuses, self.pending


def one_answer(statuses, raw, before, allowed):
    """What was before is answered, and the malformed request once, by a refusal that closes."""
    check(statuses[:len(before)] == before, f"answered {statuses}, not {before} first")
    statuses = statuses[len(before):]
    check(len(statuses) == 1 and statuses[0] in allowed, f"answered {statuses}, not one of {sorted(allowed)}")
    check(b"jsonfeed" not in raw, "the smuggled request was answered")
    answer = raw.lower().rsplit(b"http/1.1 ", 1)[1]
    check(b"connection: close\r\n" in answer, "no Connection: close")
    check(b"nosniff" in answer, "libmicrohttpd's own page")
    check(re.search(rb"\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} gmt\r\n", answer), "no Date")


def pieces_of(data):
    """Long rows differ from short ones by their length only."""
    return (None, 1) if len(data) < 2000 else (None, 509)


def malformed(address, data, allowed):
    for piece in pieces_of(data):
        with Talk(address) as talk:
            talk.send(data + SMUGGLED, piece)
            one_answer(*talk.until_end(), [], allowed)
    for before in ([200], [200, 200, 200]):
        with Talk(address) as talk:
            talk.send(FIRST * len(before) + data + SMUGGLED)
            one_answer(*talk.until_end(), before, allowed)


def well_formed(address, data, allowed):
    for piece in pieces_of(data):
        for times in (1, 3):
            with Talk(address) as talk:
                talk.send(data * times + LAST, piece)
                statuses, raw = talk.until_end()
                check(len(statuses) == times + 1 and set(statuses[:-1]) <= allowed and statuses[-1] == 200,
                      f"answered {statuses}, not {times} of {sorted(allowed)} and 200: {raw[:2000]!r}")


def closing_ends_it(address):
    """Nothing behind a request that closes the connection is a request, be it malformed or not."""
    for version, field in ((b"1.1", b"Connection: close\r\n"), (b"1.0", b"")):
        for rest in (SMUGGLED, b"nonsense\r\n\r\n", b"\0" * 100, b"GET  / HTTP/1.1\r\n\r\n"):
            with Talk(address) as talk:
                talk.send(b"GET /healthz HTTP/" + version + b"\r\nHost: a\r\n" + field + b"\r\n" + rest)
                statuses, _ = talk.until_end()
                check(statuses == [200], f"answered {statuses} with {rest!r} behind it")


def requests_before_are_answered(address):
    """Pages that lanes make, and bodies, are answered whole before what is malformed behind them."""
    page = b"GET /?q=%d HTTP/1.1\r\nHost: a\r\n\r\n"
    form = length(b" 30000", b"a=b&" * 7500)
    for i in range(10):
        with Talk(address) as talk:
            talk.send(page % i + form + page % (i + 100) + b"GET  /\r\n\r\n" + SMUGGLED)
            statuses, raw = talk.until_end()
            check(len(statuses) == 4 and statuses[0] == statuses[2] and statuses[3] == 400, f"answered {statuses}")
            check(statuses[1] != 400 and raw.count(b"</html>") >= 2, f"the form was answered {statuses[1]}")


def waits_for_100(address):
    for field, body in ((b"Content-Length: 5", b"hello"), (b"Transfer-Encoding: chunked", b"5;a\r\nhello\r\n0\r\n\r\n")):
        with Talk(address) as talk:
            talk.send(post(b"Expect: 100-continue", field))
            talk.pending = talk.socket.recv(4096)
            check(re.findall(STATUS_LINE, talk.pending) == [b"100"], f"{talk.pending!r} instead of 100")
            talk.send(body + LAST)
            statuses, _ = talk.until_end()
            check(len(statuses) == 3 and statuses[1] in ANY and statuses[2] == 200, f"answered {statuses}")


def ended_behind_a_request(address):
    """A client that ends its side still gets its answers; half a request gets none."""
    for data, expected in ((FIRST * 2, [200, 200]), (b"GET /?q=end HTTP/1.1\r\nHost: a\r\n\r\n", [200]), (b"GET / HTT", []),
                           (FIRST + b"GET / HTT", [200]), (b"\r\n", [])):
        with Talk(address) as talk:
            talk.send(data)
            talk.socket.shutdown(socket.SHUT_WR)
            statuses, _ = talk.until_end()
            check(statuses == expected, f"answered {statuses}, not {expected}, to {data!r}")


SCENES = [closing_ends_it, requests_before_are_answered, waits_for_100, ended_behind_a_request]


def counted(site):
    """As many lines in the access log, and counts in the metrics, as answers."""
    _, _, metrics = site.get("/metrics")
    Talk.answers += 1
    numbers = re.findall(r'^warta_http_requests_total\{[^}]*\} (\d+)', metrics, re.M)
    check(numbers and sum(map(int, numbers)) == Talk.answers - 1, f"{sum(map(int, numbers))} counted of {Talk.answers - 1}")
    site.stop()
    lines = [entry for entry in site.log().splitlines() if re.search(r"\bstatus=\d{3}\b", entry)]
    check(len(lines) == Talk.answers, f"{len(lines)} lines for {Talk.answers} answers")
    noise = [entry for entry in site.log().splitlines() if re.search(r" error |anitizer|runtime error", entry)]
    check(noise == [], noise)


def main():
    failed = passed = 0
    with Site() as site:
        site.run("import", "-", text=json.dumps([{"type": "news", "title": "On the wire", "status": "published"}]))
        site.start(threads=1, flags=("--log-level", "debug"))
        rows = [(f"malformed: {name}", malformed, (site.address, data, allowed)) for name, data, allowed in MALFORMED]
        rows += [(name, well_formed, (site.address, data, allowed)) for name, data, allowed in WELL_FORMED]
        rows += [(scene.__name__, scene, (site.address,)) for scene in SCENES]
        rows += [("counted", counted, (site,))]
        for name, scene, arguments in rows:
            try:
                scene(*arguments)
                passed += 1
            except Exception as error:  # whatever went wrong, the other rows run
                failed += 1
                print(f"FAILED {name}: {type(error).__name__}: {str(error)[:600]}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
