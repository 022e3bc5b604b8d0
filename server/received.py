"""A request → the record in it, its bytes untouched, and the parameters it came with.

No more than the envelope of a form is opened here, in memory; a record is parsed in a worker. The
client's file name gives the syntax and is then forgotten, for it may be a patient's.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple, TypeVar

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import MultiPartParser

from server.problems import Problem
from server.protocol import decoded
from server.responses import plain

T = TypeVar("T")
RDF = {
    "text/turtle": "record.ttl",
    "application/trig": "record.trig",
    "application/n-triples": "record.nt",
    "application/n-quads": "record.nq",
    "application/ld+json": "record.jsonld",
}
RECORDS = {
    "application/fhir+json": "record.json",
    "application/json": "record.json",
    "application/fhir+ndjson": "record.ndjson",
    "application/ndjson": "record.ndjson",
    "application/x-ndjson": "record.ndjson",
    **RDF,
}
FORM = {"multipart/form-data": ""}
_BY_SUFFIX = {PurePath(name).suffix: name for name in RECORDS.values()}
_GZIP = b"\x1f\x8b"


class Sent(NamedTuple):
    """A record, the name that tells its syntax, and the parameters of the address and the form."""

    name: str
    body: bytes
    parameters: MultiDict[str, str]


def received(known: dict[str, str], example: bytes = b"") -> Sent:
    """What the current request sent, if its media type is known; ``Problem`` otherwise."""
    plain(request)
    name = known.get(request.mimetype)
    if name is None:
        raise Problem("unsupported-media-type", f"Send one of {', '.join(known)}")
    body, parameters = request.get_data(cache=False), MultiDict(decoded(request.query_string))
    if request.mimetype in FORM:
        name, body = _opened(body, parameters, example)
    if body.startswith(_GZIP):
        raise Problem("unsupported-media-type", "Send the record itself, not compressed")
    return Sent(name, body, parameters)


def _opened(body: bytes, parameters: MultiDict[str, str], example: bytes) -> tuple[str, bytes]:
    """The name and bytes of the record in a form; all other fields join the parameters."""
    parser = MultiPartParser(_in_memory, max_form_parts=16)
    try:
        boundary = request.mimetype_params.get("boundary", "").encode("ascii")
        form, uploads = parser.parse(io.BytesIO(body), boundary, len(body))
    except ValueError:
        raise Problem("bad-parameter", "The multipart form cannot be read") from None
    if form.poplist("example"):
        return "record.json", example
    texts = [("record", text.encode()) for text in form.poplist("text")]
    found = [*map(_uploaded, uploads.getlist("file")), *texts]
    given = [(name, raw) for name, raw in found if raw.strip()]  # an empty field is sent too
    if len(given) != 1:
        raise Problem("bad-parameter", "Give one record, as a file or as text")
    parameters.update(form)
    return given[0]


def _uploaded(file: FileStorage) -> tuple[str, bytes]:
    suffix = PurePath(file.filename or "").suffix.lower()
    return _BY_SUFFIX.get(suffix) or RECORDS.get(file.mimetype, "record"), file.read()


def _in_memory(*_: Any, **__: Any) -> io.BytesIO:
    """Where a file goes that is sent in a form; the default is a file on the disk."""
    return io.BytesIO()


def parameters(given: MultiDict[str, str], known: tuple[str, ...]) -> dict[str, str]:
    """Each parameter once; ``Problem`` bad-parameter for one that is not known or said twice."""
    for name, words in given.lists():
        if name not in known:
            raise Problem("bad-parameter", f"The parameters are {', '.join(known)}")
        if len(set(words)) > 1:
            raise Problem("bad-parameter", f"{name} is given twice")
    return given.to_dict()


def meant(name: str, known: Mapping[str, T], given: dict[str, str]) -> T | None:
    """What the word given for a parameter stands for, None if there is none.

    ``Problem`` bad-parameter lists the known words; the unknown one is not repeated.
    """
    if name not in given:
        return None
    word = given[name]
    if word in known:
        return known[word]
    if word:
        told = ", ".join(sorted(filter(None, known)))
        raise Problem("bad-parameter", f"{name} is one of {told}")
    return None
