"""What addresses and forms of the inbox and of a document may say, read through schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import colander
from pyramid.request import Request

from xinglin_documents.models import Urgency
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.inbox.values import Tab, Wanted
from xinglin_documents.views.draft_inputs import BadInput

MOST_PAGES = 25
"""So many pages grow into one list; who wants to see further narrows it."""
MOST_IN_BATCH = 100
OPINION_LENGTH = 2000
KEY_LENGTH = 64
QUERY_LENGTH = 60
MOST_PERSONS = 200


CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""No keyboard makes them, and databases refuse the first; line feeds and tabs are none of them."""


def _is_clean(node: colander.SchemaNode, text: str) -> None:
    if CONTROLS.search(text):
        raise colander.Invalid(node)


def _text(length: int) -> colander.SchemaNode:
    fits = colander.All(colander.Length(max=length), _is_clean)
    return colander.SchemaNode(colander.String(), missing="", validator=fits)


def _opinion() -> colander.SchemaNode:
    """Text processors leave control characters in what is pasted: they are left out."""
    return colander.SchemaNode(
        colander.String(),
        missing="",
        preparer=lambda text: CONTROLS.sub("", text) if text else text,
        validator=colander.Length(max=OPINION_LENGTH),
    )


def _texts(most: int) -> colander.SchemaNode:
    fits = colander.All(colander.Length(max=KEY_LENGTH), _is_clean)
    one = colander.SchemaNode(colander.String(), validator=fits)
    return colander.SchemaNode(colander.Sequence(), one, missing=(), validator=colander.Length(max=most))


class InboxSchema(colander.Schema):
    """Which list, how narrowed, how far it was followed."""

    tab = colander.SchemaNode(colander.Enum(Tab, attr="value"), missing=Tab.TO_DO)
    q = _text(QUERY_LENGTH)
    process = _text(KEY_LENGTH)
    source = _text(KEY_LENGTH)
    urgency = colander.SchemaNode(colander.Enum(Urgency, attr="value"), missing=None)
    pages = colander.SchemaNode(colander.Integer(), missing=1, validator=colander.Range(1, MOST_PAGES))
    batch = colander.SchemaNode(colander.Boolean(), missing=False)
    filter = colander.SchemaNode(colander.Boolean(), missing=False)
    fresh = colander.SchemaNode(colander.Boolean(), missing=False)
    done = colander.SchemaNode(
        colander.String(),
        missing="",
        validator=colander.OneOf([*Act, "read", "track", "untrack", "forward", "mark_read"]),
    )


class BatchSchema(colander.Schema):
    """The ticked lines of 待办 and the one opinion for all."""

    entry = colander.SchemaNode(
        colander.Sequence(),
        colander.SchemaNode(colander.Integer(), validator=colander.Range(1, 2**62)),
        missing=(),
        validator=colander.Length(max=MOST_IN_BATCH),
    )
    opinion = _opinion()


class ActSchema(colander.Schema):
    """An act as its sheet sends it: `person` are public ids, `department` too; `look` asks for the sheet alone."""

    task = _text(KEY_LENGTH)
    node = _text(KEY_LENGTH)
    opinion = _opinion()
    to = _text(KEY_LENGTH)
    is_direct = colander.SchemaNode(colander.Boolean(), missing=False)
    person = _texts(MOST_PERSONS)
    department = _texts(MOST_PERSONS)
    q = _text(QUERY_LENGTH)
    phrase = _opinion()
    look = colander.SchemaNode(colander.Boolean(), missing=False)


def read(schema: colander.Schema, values: Any) -> dict[str, Any]:
    """The clean values; of a sequence all values of its name. Raises `BadInput`. Empty texts count as absent."""
    present: dict[str, Any] = {}
    for child in schema.children:
        if isinstance(child.typ, colander.Sequence):
            present[child.name] = [one for one in values.getall(child.name) if one]
        elif values.get(child.name):
            present[child.name] = values[child.name]
    try:
        found: dict[str, Any] = schema.deserialize(present)
    except colander.Invalid as error:
        raise BadInput from error
    return found


@dataclass(frozen=True)
class Place:
    """Where somebody stands in the inbox; as an address it leads back there."""

    wanted: Wanted
    pages: int = 1
    is_batch: bool = False
    is_filtering: bool = False

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> Place:
        wanted = Wanted(query["tab"], query["q"], query["process"], query["urgency"], query["source"])
        return cls(wanted, query["pages"], query["batch"], query["filter"])

    @property
    def is_narrowed(self) -> bool:
        return bool(self.wanted.process or self.wanted.urgency or self.wanted.source)

    @property
    def shows_filter(self) -> bool:
        """The fields of the filter cost a look at all processes, so they come when they are asked for."""
        return self.is_filtering or self.is_narrowed

    def path(self, request: Request, **changes: Any) -> str:
        """The address of this place, `changes` made."""
        named = {
            "tab": self.wanted.tab.value,
            "q": self.wanted.query,
            "process": self.wanted.process,
            "urgency": self.wanted.urgency.value if self.wanted.urgency else "",
            "source": self.wanted.source,
            "pages": self.pages if self.pages > 1 else "",
            "batch": 1 if self.is_batch else "",
        } | changes
        given = {key: value for key, value in named.items() if value}
        return f"{request.route_path('documents.inbox')}?{urlencode(given)}"


INBOX = InboxSchema()


def came_from(request: Request) -> str:
    """The address of the list that led here: hidden field `back` of our forms, else the page before; never elsewhere."""
    posted = request.POST.get("back", "") if request.method == "POST" else ""
    parts = urlsplit(posted if isinstance(posted, str) and posted else _referer(request))
    inbox = request.route_path("documents.inbox")
    if parts.path != inbox:
        return str(inbox)
    values = dict(parse_qsl(parts.query))
    try:
        query = InboxSchema().deserialize({key: value for key, value in values.items() if value})
    except colander.Invalid:
        return str(inbox)
    return Place.of({**query, "batch": False}).path(request)


def _referer(request: Request) -> str:
    address = request.referer or ""
    return address if urlsplit(address).netloc == request.host else ""
