"""What the pages of official documents take, and the sentences they say above themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import colander
from pyramid.request import Request

from xinglin.api.forms import LongText, Text
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin_documents.models import Direction, SupervisionState
from xinglin_documents.service.official.desk import Desk
from xinglin_documents.service.official.distributing import Recipients

_ = translator("documents")
LAST_PAGE = 2000
QUERY_LENGTH = 60


class BadInput(DomainError):
    """The address or form was not made by our pages."""

    status = 400

    def __init__(self) -> None:
        super().__init__(
            _("This address or form cannot be read."), _("Go back, reload the page and try again.")
        )


def read(schema: colander.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """The clean values; raises `BadInput`. Empty texts count as absent."""
    present = {name: value for name, value in values.items() if value not in ("", [])}
    try:
        found: dict[str, Any] = schema.deserialize(present)
    except colander.Invalid as error:
        raise BadInput from error
    return found


class PageNumber(colander.SchemaNode):
    schema_type = colander.Integer
    validator = colander.Range(1, LAST_PAGE)
    missing = 1


class Year(colander.SchemaNode):
    schema_type = colander.Integer
    validator = colander.Range(2000, 2200)
    missing = None


class RegisterSchema(colander.Schema):
    """`/documents/register?q=…&direction=…&series=…&year=…&page=…`"""

    q = Text(max_length=QUERY_LENGTH, missing="")
    direction = colander.SchemaNode(
        colander.String(), validator=colander.OneOf([one.value for one in Direction]), missing=""
    )
    series = Text(max_length=32, missing="")
    year = Year()
    page = PageNumber()


class TasksSchema(colander.Schema):
    """`/documents/supervision?whose=office&state=…&page=…`"""

    whose = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(["mine", "office"]), missing="mine"
    )
    state = colander.SchemaNode(
        colander.String(), validator=colander.OneOf([one.value for one in SupervisionState]), missing=None
    )
    page = PageNumber()


class ReasonSchema(colander.Schema):
    """Why, in one line."""

    reason = Text(max_length=200, missing="")


class ReserveSchema(ReasonSchema):
    series = Text(max_length=32)


class RemarkSchema(colander.Schema):
    """A report, or what is said about one."""

    text = LongText(max_length=2000, missing="")


class SuperviseSchema(colander.Schema):
    """A task of a document: what, who (a staff number or name), until the end of which working day."""

    duty = LongText(max_length=2000, missing="")
    owner = Text(max_length=64, missing="")
    due = colander.SchemaNode(colander.Date())


class RetainSchema(colander.Schema):
    """The last day of retention; empty: for ever. Why, when it becomes shorter."""

    until = colander.SchemaNode(colander.Date(), missing=None)
    reason = Text(max_length=200, missing="")


class RecipientsSchema(colander.Schema):
    """Ticked departments, whether their heads or all, and typed persons."""

    reach = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(["heads", "all"]), missing="heads"
    )
    persons = LongText(max_length=4000, missing="")


def recipients_of(request: Request) -> Recipients:
    """Whom the form of a distribution names. Raises `OfficialRefused` for an unknown name."""
    clean = read(RecipientsSchema(), request.POST)
    ticked = [one for one in request.POST.getall("department") if one.isascii() and one.isdigit()]
    departments = tuple(int(one) for one in ticked if len(one) < 18)
    is_all = clean["reach"] == "all"
    return Recipients(
        departments=departments if is_all else (),
        heads_of=() if is_all else departments,
        persons=request.service(Desk).persons_of(clean["persons"]),
    )


def end_of(day: date, zone: ZoneInfo, at: time = time(18)) -> datetime:
    """The moment of that local day, in UTC: what is due on a day is due when its work ends."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def says(request: Request, sentence: str, **gaps: Any) -> dict[str, Any]:
    """One of the layout's `notices`."""
    return {"text": request.translate(sentence, **gaps), "is_error": False}


def says_refusal(request: Request, refused: DomainError) -> dict[str, Any]:
    """What went wrong and what to do; the response gets the status of the refusal."""
    request.response.status_int = refused.status
    between = "" if request.locale_name == "zh_CN" else " "
    text = f"{request.translate(refused.message)}{between}{request.translate(refused.cure)}"
    return {"text": text.strip(), "is_error": True}
