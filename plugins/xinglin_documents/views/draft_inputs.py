"""What the pages around forms send: drafts as JSON, files, searches, phrases."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import colander
import peppercorn
from pyramid.request import Request

from xinglin.api.forms import Text
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin_documents.models import Secrecy, Urgency

_ = translator("documents")

MOST_CONTROLS = 5_000
NOT_KEPT = frozenset({"csrf_token", "request_key", "__formid__", "signature"})
ID_LENGTH = 64


class BadInput(DomainError):
    """The address or the form was not made by our pages."""

    status = 400

    def __init__(self) -> None:
        super().__init__(
            _("This address or form cannot be read."), _("Go back, reload the page and try again.")
        )


class Control(colander.TupleSchema):
    """Name and value of an input, in the order of the page."""

    name = colander.SchemaNode(colander.String())
    value = colander.SchemaNode(colander.String(allow_empty=True), missing="")


class Controls(colander.SequenceSchema):
    control = Control()


class DraftSchema(colander.Schema):
    """A form as it stands; `known` is the moment of the last save that the window has seen (see `DraftService.save`)."""

    controls = Controls(validator=colander.Length(max=MOST_CONTROLS))
    known = Text(max_length=ID_LENGTH, missing="")
    is_forced = colander.SchemaNode(colander.Boolean(), missing=False)


class AttachSchema(colander.Schema):
    """A finished upload to add, or a file to take off, by its public id."""

    file = Text(max_length=ID_LENGTH, missing="")
    detach = Text(max_length=ID_LENGTH, missing="")


class SearchSchema(colander.Schema):
    """`?q=`"""

    q = Text(max_length=60, missing="")


class PhraseSchema(colander.Schema):
    """One of: a text to add, the number of a phrase to delete or to move up."""

    text = Text(max_length=200, missing="")
    remove = colander.SchemaNode(colander.Integer(), missing=None)
    up = colander.SchemaNode(colander.Integer(), missing=None)


class Departments(colander.SequenceSchema):
    department = colander.SchemaNode(colander.Integer())


class HandlingSchema(colander.Schema):
    """Secrecy, urgency and audience of an official document. `audience`: who may know it besides those who handle it."""

    secrecy = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(list(Secrecy)), missing=Secrecy.OPEN
    )
    urgency = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(list(Urgency)), missing=Urgency.NORMAL
    )
    audience = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(["handlers", "departments", "all"]), missing="handlers"
    )
    departments = Departments(validator=colander.Length(max=500), missing=())


def read(schema: colander.Schema, values: Any) -> dict[str, Any]:
    """The clean values of `schema`; raises `BadInput`. Empty texts count as absent."""
    if not isinstance(values, Mapping):
        raise BadInput
    present = {name: value for name, value in values.items() if value != ""}
    try:
        found: dict[str, Any] = schema.deserialize(present)
    except colander.Invalid as error:
        raise BadInput from error
    return found


def signature_of(request: Request) -> bytes | None:
    """The PNG that `_signature_pad.jinja2` posts as `signature`; None when nobody signed. Raises `BadInput`."""
    text = request.POST.get("signature", "")
    if not text:
        return None
    try:
        return base64.b64decode(str(text).removeprefix("data:image/png;base64,"), validate=True)
    except ValueError as error:
        raise BadInput from error


def opinion_of(request: Request) -> str:
    """The opinion as typed, or the phrase that was chosen without script."""
    return str(request.POST.get("opinion") or request.POST.get("phrase") or "").strip()


def read_json(request: Request, schema: colander.Schema) -> dict[str, Any]:
    try:
        values = request.json_body
    except ValueError as error:
        raise BadInput from error
    return read(schema, values)


def posted_form(controls: list[tuple[str, Any]]) -> dict[str, Any]:
    """The form as groups and rows, without the token and without files; raises `BadInput`."""
    texts = [(name, value) for name, value in controls if isinstance(value, str) and name not in NOT_KEPT]
    try:
        found: dict[str, Any] = peppercorn.parse(texts)
    except ValueError as error:
        raise BadInput from error
    return found
