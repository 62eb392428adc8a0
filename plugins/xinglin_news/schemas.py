"""What comes in: one schema per input, and the settings of `[xinglin:news]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import colander
import deform.widget

from xinglin.api.forms import CSRFSchema, FileInput, Files, RichText, Text
from xinglin.api.i18n import translator
from xinglin.api.people import Term
from xinglin.types import setting
from xinglin_news.models import BODY_LENGTH, TITLE_LENGTH

_ = translator("news")

KEY_LENGTH = 64
QUERY_LENGTH = 60
LAST_PAGE = 1000
TERMS_MAX = 500
TERM_KINDS = ("all", "department", "department_tree", "role", "tag", "person")


@dataclass(frozen=True)
class NewsSettings:
    """What IT may set for news."""

    page_size: int = setting(40, summary="rows on a page of the list of notices")
    max_pictures: int = setting(9, summary="pictures that a notice may have")
    remind_after: timedelta = setting(
        timedelta(0),
        summary="how long after publishing the unread may be reminded, such as 4 h; 0 s = at once",
    )


class TermType(colander.SchemaType):
    """A term of an audience as a checkbox sends it: `all`, `department_tree:12`, `person:7`."""

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return term_text(appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        kind, _colon, number = str(cstruct).partition(":")
        is_number = number.isascii() and number.isdigit() and len(number) <= 18
        if kind not in TERM_KINDS or (kind == "all") == bool(number) or not (is_number or kind == "all"):
            raise colander.Invalid(node, _("Choose from the list."))
        return Term(kind, int(number) if number else None)  # type: ignore[arg-type]


def term_text(term: Term) -> str:
    """The value of the checkbox of a term."""
    return term.kind if term.id is None else f"{term.kind}:{term.id}"


class Terms(colander.SequenceSchema):
    term = colander.SchemaNode(TermType())


class PageNumber(colander.SchemaNode):
    schema_type = colander.Integer
    validator = colander.Range(1, LAST_PAGE)
    missing = 1


class ListQuery(colander.Schema):
    """`/news?column=…&page=…`"""

    column = Text(max_length=KEY_LENGTH, missing=None)
    page = PageNumber()


class SearchQuery(colander.Schema):
    """`/news/search?q=…`"""

    q = Text(max_length=QUERY_LENGTH, missing="")


class ReadersQuery(colander.Schema):
    """`/news/{notice}/readers?show=read&department=…&page=…`"""

    show = colander.SchemaNode(
        colander.String(), validator=colander.OneOf(["unread", "read"]), missing="unread"
    )
    department = Text(max_length=KEY_LENGTH, missing=None)
    page = PageNumber()


Options = Sequence[tuple[str, str]]


class WriteSchema(CSRFSchema):
    """Where a new notice will stand and in whose name."""

    column = colander.SchemaNode(colander.String(), title=_("News column"))
    department = colander.SchemaNode(colander.String(), title=_("Issuing department"))

    @classmethod
    def offering(cls, columns: Options, departments: Options) -> WriteSchema:
        """The schema for these options, each a value and a title."""
        schema = cls()
        for name, options in (("column", columns), ("department", departments)):
            schema[name].widget = deform.widget.SelectWidget(values=options)
            schema[name].validator = colander.OneOf([value for value, _title in options])
        return schema


class TitleInput(deform.widget.TextAreaWidget):
    """One line that wraps on a phone. It takes more than the limit and counts: a pasted end is not lost unseen."""

    def __init__(self) -> None:
        super().__init__(
            rows=2, attributes={"maxlength": None, "data-one-line": "", "data-limit": TITLE_LENGTH}
        )

    def deserialize(self, field: Any, pstruct: Any) -> Any:
        return super().deserialize(
            field, " ".join(pstruct.splitlines()) if isinstance(pstruct, str) else pstruct
        )


class NoticeSchema(CSRFSchema):
    """What an author types. Everything may be missing in a draft; `publish` asks for the rest."""

    title = Text(title=_("Headline"), max_length=TITLE_LENGTH, missing="", widget=TitleInput())
    body = RichText(title=_("Body text"), max_length=BODY_LENGTH, missing="")
    pictures = Files(
        title=_("Add pictures"),
        description=_("JPEG, PNG or WebP, up to 20 MB each; the first one is the cover."),
        widget=FileInput(multiple=True, accept="image/*"),
        missing=(),
    )
    publish_at = colander.SchemaNode(
        colander.DateTime(),
        title=_("Publish at"),
        description=_("Leave empty to publish at once."),
        missing=None,
    )
    version = colander.SchemaNode(colander.Integer(), widget=deform.widget.HiddenWidget())


class AttachSchema(colander.Schema):
    """An upload that is finished, by the public id of its file."""

    file = Text(max_length=KEY_LENGTH)


class AttachedSchema(colander.Schema):
    """Files that a browser without script sends along with the form of the notice."""

    attached = Files(missing=())


class AudienceSchema(colander.Schema):
    """The chooser of the audience: two lists of terms, and words to find persons by."""

    include = Terms(validator=colander.Length(max=TERMS_MAX), missing=())
    exclude = Terms(validator=colander.Length(max=TERMS_MAX), missing=())
    include_q = Text(max_length=QUERY_LENGTH, missing="")
    exclude_q = Text(max_length=QUERY_LENGTH, missing="")


class ConfirmSchema(colander.Schema):
    """The version that was shown when the author confirmed."""

    version = colander.SchemaNode(colander.Integer())
