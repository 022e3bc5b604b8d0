"""Queries → answers of a SPARQL endpoint elsewhere, for ``m816 serve --store URL``.

In: ``Asked``. Out: the bytes the store gave in the syntax asked for, or ``Problem``. The text is
sent as it came (SPARQL 1.1 Protocol §2.1.3); nothing is followed, asked again or passed on in part.
What a store fetches or changes by extensions of its own, or for FROM, is to be switched off there.
An answer counts only if HTTP says that it is whole and it does not look broken off itself: engines
that fail after a 200 break the body off (Oxigraph, QLever), mark it (Fuseki, Neptune) or say it in
a header (Virtuoso). No answer has an ETag, for nobody tells when the data behind it change.

A store should end a query itself a little before our deadline; without that it may go on after we
hung up. Most take a limit as a parameter, which is kept when written into the URL: ``?timeout=9``
seconds (Fuseki, which may have to be told to allow it; RDF4J and GraphDB), ``?timeout=9s``
(QLever), ``?timeout=9000`` milliseconds (Virtuoso, whose partial answers are refused here).
Neptune and the Oxigraph server have a setting instead. ``http://user:password@host/`` is sent as
Basic credentials and shown nowhere.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import queue
import re
import select
import socket
import threading
import time
from urllib.parse import quote, unquote, urlencode, urlsplit

import msgspec

from kg.guard import TOKEN
from kg.namespaces import M816, TYPE
from kg.void import ENDPOINT, SD
from server import negotiate
from server.engines import Asked, Sink
from server.problems import Problem
from server.worker import Job

_SERVICE = f"<{M816}service>"
DESCRIPTION = f"""{_SERVICE} {TYPE} <{SD}Service> .
{_SERVICE} <{SD}endpoint> <{ENDPOINT}> .
{_SERVICE} <{SD}supportedLanguage> <{SD}SPARQL11Query> .
""".encode()  # no more: formats, graphs and counts are the store's

_UPDATE = re.compile(r"\b(?:insert|delete|clear|create|drop|copy|move|add|load)\b", re.I)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U(00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})")
_CONNECT = 3.0  # seconds for each address of the host
_PAGE = 1 << 18  # bytes of an error page that are read; some repeat the query
_SYNTAXES = {syntax.name: syntax for syntax in (*negotiate.TABLES, *negotiate.GRAPHS)}
_PROBLEMS = {400: "bad-query", 406: "not-acceptable", 413: "bad-query", 422: "bad-query"}
_PARTIAL = ("X-SQL-State", "X-SPARQL-MaxRows")  # Virtuoso: time over, rows cut off
_BROKEN = re.compile(rb'^##.*Incomplete results|"code"\s*:\s*"\w+Exception"', re.M)
_TRIPLES = re.compile(rb"(^|[.}]|prefix\s+\S*:\s*<[^<>]*>)\s*$", re.I)
_ENDS = {
    "xml": re.compile(rb"</(\w+:)?sparql\s*>\s*$"),
    "rdfxml": re.compile(rb"(</(\w+:)?RDF\s*|/)>\s*$"),
    **dict.fromkeys(("turtle", "trig", "ntriples", "nquads"), _TRIPLES),
}
_MEMBER = re.compile(
    r'"(?:detail|detailedMessage|exception|message)"\s*:\s*"((?:[^"\\]|\\.)*)"', re.S
)
_TRACE = re.compile(r"\n\s*(?:at \S+\(|\.\.\. \d+ more|Caused by|Traceback|File \")")
_PLACE = re.compile(
    r"[a-z][\w+.-]*://[^\s<>\"']*|(?:[\w-]+\.)+[\w-]+(?::\d+)?|localhost(?::\d+)?"
    r"|(?:[/\\][\w.-]+){2,}|\[[0-9a-f:.]+\]",
    re.I,
)


class Remote:
    """A ``Pool`` of connections to the endpoint at a URL, where that has workers.

    ``deadline`` in seconds; ``backlog`` jobs may wait; ``limit`` of an answer in bytes.
    ``ValueError``, which repeats nothing of it, for a URL that is none of an endpoint.
    """

    generation = 0

    def __init__(self, url: str, size: int, deadline: float, backlog: int, limit: int) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = None
        if host is None or parts.scheme not in ("http", "https"):
            raise ValueError("the store is named by an http or https URL of its SPARQL endpoint")
        self._host = host
        self._path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        self._parameters = quote(parts.query, safe="/?%:@!$&'()*+,;=~")
        self._headers = {"Content-Type": "application/sparql-query", "Accept-Encoding": "identity"}
        if parts.username is not None:
            words = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(words).decode()}"
        self.deadline, self._limit = deadline, limit
        self._waiting = threading.BoundedSemaphore(size + backlog)
        wait = min(_CONNECT, deadline)
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        for _ in range(size):
            made = http.client.HTTPConnection(host, port or 80, timeout=wait)
            if parts.scheme == "https":
                made = http.client.HTTPSConnection(host, port or 443, timeout=wait)
            self._idle.put(made)

    def run(self, job: Job) -> bytes:
        """The store's whole answer to a job that is a query; ``Problem`` otherwise."""
        asked = Asked(**job["asked"])
        if _changes(asked.text):
            raise Problem("read-only", "An update is no query")
        if not self._waiting.acquire(blocking=False):
            raise Problem("busy", "More requests wait than can be served soon")
        try:
            try:
                connection = self._idle.get(timeout=self.deadline)
            except queue.Empty:
                raise Problem("busy", "No connection to the store became free in time") from None
            try:
                return self._exchange(connection, asked)
            finally:
                self._idle.put(connection)
        finally:
            self._waiting.release()

    def ready(self) -> bool:
        """Whether the store answers a query."""
        with contextlib.suppress(Problem):
            return b"true" in self.run({"asked": {"text": "ASK {}", "syntax": "json"}})
        return False

    def close(self) -> None:
        """Close what is open and idle."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def _exchange(self, connection: http.client.HTTPConnection, asked: Asked) -> bytes:
        """One request and its answer; the connection is kept only if all of it was read."""
        graphs = [("default-graph-uri", name) for name in asked.default_graphs]
        graphs += [("named-graph-uri", name) for name in asked.named_graphs]
        parameters = "&".join(filter(None, (self._parameters, urlencode(graphs))))
        path = f"{self._path}?{parameters}" if parameters else self._path
        syntax = _SYNTAXES[asked.syntax]
        headers = {**self._headers, "Accept": syntax.asked[0]}
        ends, kept = time.monotonic() + self.deadline, False
        try:
            sock = _connected(connection)
            # a timeout of the socket would begin anew with each read
            alarm = threading.Timer(max(ends - time.monotonic(), 0), _hang_up, [sock])
            alarm.daemon = True
            alarm.start()
            try:
                connection.request("POST", path, asked.text.encode(), headers)
                response = connection.getresponse()
                body = self._body(response, syntax)
            finally:
                alarm.cancel()
            kept = response.isclosed() and time.monotonic() < ends  # so the alarm did not go off
            return body
        except (OSError, http.client.HTTPException, Problem) as error:
            if time.monotonic() >= ends:
                what = f"The limit is {self.deadline:g} seconds"
                raise Problem("query-timeout", what) from None
            if isinstance(error, Problem):
                raise
            raise Problem("store-unavailable", "It could not be reached or broke off") from None
        finally:
            if not kept:
                connection.close()

    def _body(self, response: http.client.HTTPResponse, syntax: negotiate.Syntax) -> bytes:
        """The whole body of an answer in that syntax; ``Problem`` for any other answer."""
        media = response.headers.get_content_type()
        charset = response.headers.get_content_charset("utf-8")
        if response.status != 200:
            name = _PROBLEMS.get(response.status, "store-unavailable")
            told = self._said(media, response.read(_PAGE)) if name == "bad-query" else ""
            raise Problem(name, told or f"The store answered {response.status}")
        if media not in syntax.asked or charset not in ("utf-8", "utf8", "us-ascii"):
            got = f"{media[:60]} in {charset[:20]}"
            raise Problem("store-unavailable", f"It was asked for {syntax.asked[0]} and gave {got}")
        if response.getheader("Content-Encoding", "identity").lower() != "identity":
            raise Problem("store-unavailable", "It compressed its answer without being asked to")
        if response.length is None and not response.chunked:
            raise Problem("store-unavailable", "It does not say where its answer ends")
        sink = Sink(self._limit)
        while part := response.read(1 << 16):
            sink.write(part)
        if response.length:
            raise http.client.IncompleteRead(b"")
        if any(response.getheader(name) for name in _PARTIAL) or _broken(syntax, sink.getvalue()):
            raise Problem("store-unavailable", "It did not finish its answer; ask for less")
        return sink.getvalue()

    def _said(self, media: str, page: bytes) -> str:
        """What an error page says about the query, without the store's places and entrails."""
        text = page.decode("utf-8", "replace")
        if media.endswith("json"):
            text = found[1] if (found := _MEMBER.search(text)) else ""
        if media.endswith(("html", "xml")) or text.lstrip().startswith("<"):
            return ""
        text = " ".join(_TRACE.split(text[:1_000], maxsplit=1)[0].split())
        return _PLACE.sub("…", text.replace(self._host, "…"))[:200]


def _changes(text: str) -> bool:
    """Whether a word of an update stands where no query has one; some stores would obey it."""
    for read in (text, _ESCAPE.sub(lambda escape: chr(int(escape[1] or escape[2], 16)), text)):
        found = {(token.lastgroup, token[0]) for token in TOKEN.finditer(read)}
        words = [word for kind, word in found if kind == "word"]
        if any(kind == "stray" for kind, _ in found):  # what follows can be read in several ways
            words = [read]
        if any(map(_UPDATE.search, words)):
            return True
    return False


def _connected(connection: http.client.HTTPConnection) -> socket.socket:
    """The connection's open socket; a connection that the store has closed is opened again."""
    if connection.sock is not None:
        waiting = select.poll()
        waiting.register(connection.sock, select.POLLIN)
        if waiting.poll(0):  # nothing was asked, so this is the end or an error
            connection.close()
    if connection.sock is None:
        connection.connect()
    assert isinstance(connection.sock, socket.socket)
    connection.sock.settimeout(None)
    return connection.sock


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # not the method of a TLS socket, which takes its reader's state away
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _broken(syntax: negotiate.Syntax, body: bytes) -> bool:
    """Whether an answer that came whole says or shows that the store broke off writing it."""
    if syntax.name in ("json", "jsonld"):
        try:
            msgspec.json.decode(body, type=msgspec.Raw)
        except msgspec.DecodeError:
            return True
        return False
    end, wanted = body[-1_000:], _ENDS.get(syntax.name)
    return bool(_BROKEN.search(end)) or (wanted is not None and not wanted.search(end))
