"""The colander schema of a form for one person at one step: what is hidden from her is not in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any

import colander
import deform.widget
from markupsafe import Markup

from xinglin.api.forms import CSRFSchema, DateTimeInput, LongText, Text
from xinglin.api.i18n import translator
from xinglin_documents.service.engine.definition import Definition, FieldKind, FormField, Right
from xinglin_documents.service.forms.directory import Directory
from xinglin_documents.service.forms.kinds import (
    Day,
    Exact,
    ManyKeys,
    ManyPersons,
    Moment,
    OneDepartment,
    OneKey,
    OnePerson,
)
from xinglin_documents.service.forms.rights import is_editable, shown
from xinglin_documents.service.forms.widgets import (
    FOLDER,
    READ_TEXT,
    Amount,
    FilesInput,
    KnownPersons,
    PersonInput,
    Total,
)

_ = translator("documents")

TEXT_LENGTH, LONG_TEXT_LENGTH = 200, 5_000
MOST_ROWS, MOST_PERSONS, MOST_FILES = 50, 50, 20
FEW = 4
"""So many choices are shown at once; more are a list to open."""
EMPTY: Mapping[FieldKind, Any] = {
    FieldKind.CHOICES: [],
    FieldKind.PERSONS: [],
    FieldKind.FILES: [],
    FieldKind.ROWS: [],
    FieldKind.PERSON: None,
    FieldKind.DEPARTMENT: None,
    FieldKind.YES_NO: False,
}
"""What a field that was left out is; others are an empty text."""


def _draws_nothing(_field: FormField, _is_readonly: bool) -> Markup:
    return Markup()


@dataclass(frozen=True)
class FormNeeds:
    """What a form must know of its reader: `files` are public ids by field, `draw_files` their piece of the page."""

    locale: str
    zone: tzinfo
    directory: Directory
    search_url: str = ""
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    draw_files: Callable[[FormField, bool], Markup] = _draws_nothing


def form_schema(
    definition: Definition,
    rights: Mapping[str, Right],
    needs: FormNeeds,
    values: Mapping[str, Any] | None = None,
) -> CSRFSchema:
    """Nodes for all that is shown; what may only be read is shown as it is in `values` and never taken."""
    schema = CSRFSchema(
        widget=deform.widget.FormWidget(
            template=f"{FOLDER}/fields", readonly_template=f"{FOLDER}/fields_read"
        )
    )
    for one in shown(definition, rights):
        node = node_of(one, needs)
        if not is_editable(one, rights):
            _close(node, one, needs, (values or {}).get(one.key))
        schema.add(node)
    return schema


def node_of(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    """The node of one field, or of one column of a detail table."""
    node = MAKERS[one.kind](one, needs)
    node.name = one.key
    node.title = title_of(one, needs.locale)
    node.description = one.hint
    if one.total_of:
        node.widget = Total(one.total_of)
        node.missing = colander.drop
    elif not one.is_required or one.kind is FieldKind.YES_NO:
        node.missing = EMPTY.get(one.kind, "")
    return node


def title_of(one: Any, locale: str) -> str:
    """The title of a field, a choice, a node or a process in this language, as far as there is one."""
    return (locale == "en" and one.title_en) or one.title


def _close(node: Any, one: FormField, needs: FormNeeds, value: Any) -> None:
    """Make it a node to read: whatever was posted for it is dropped, unread."""
    node.missing = colander.drop
    node.deserialize = lambda _cstruct=colander.null: colander.drop
    if one.kind in (FieldKind.PERSON, FieldKind.PERSONS):
        ids = value if isinstance(value, list) else [value]
        found = (needs.directory.person(number) for number in ids if isinstance(number, int))
        node.widget = KnownPersons([person for person in found if person])
    if node.widget is None:
        node.widget = deform.widget.TextInputWidget()
    if not one.total_of:
        node.widget.readonly = True


def _text(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    return Text(max_length=one.max_length or TEXT_LENGTH, widget=deform.widget.TextInputWidget())


def _long_text(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    widget = deform.widget.TextAreaWidget(rows=4, readonly_template=READ_TEXT)
    return LongText(max_length=one.max_length or LONG_TEXT_LENGTH, widget=widget)


def _number(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    is_money = one.kind is FieldKind.MONEY
    return colander.SchemaNode(
        Exact(is_money=is_money), validator=_within(one), widget=Amount(is_money=is_money)
    )


def _date(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    return colander.SchemaNode(Day(), widget=deform.widget.DateInputWidget())


def _moment(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    return colander.SchemaNode(Moment(), widget=DateTimeInput(needs.zone))


def _choice(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    offered = [(choice.key, title_of(choice, needs.locale)) for choice in one.choices]
    if one.is_required and len(offered) <= FEW:
        widget = deform.widget.RadioChoiceWidget(values=offered)
    else:
        widget = deform.widget.SelectWidget(values=[("", _("Please choose")), *offered])
    return colander.SchemaNode(OneKey([key for key, _title in offered]), widget=widget)


def _choices(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    offered = [(choice.key, title_of(choice, needs.locale)) for choice in one.choices]
    return colander.SchemaNode(
        ManyKeys([key for key, _title in offered]),
        validator=_at_most(one.most),
        widget=deform.widget.CheckboxChoiceWidget(values=offered),
    )


def _yes_no(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    return colander.SchemaNode(colander.Boolean(), widget=deform.widget.CheckboxWidget())


def _person(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    widget = PersonInput(needs.directory, needs.search_url, most=1)
    return colander.SchemaNode(OnePerson(needs.directory), widget=widget)


def _persons(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    most = one.most or MOST_PERSONS
    widget = PersonInput(needs.directory, needs.search_url, most=most)
    return colander.SchemaNode(ManyPersons(needs.directory), validator=_at_most(most), widget=widget)


def _department(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    offered = [("", _("Please choose")), *needs.directory.departments()]
    return colander.SchemaNode(
        OneDepartment(needs.directory), widget=deform.widget.SelectWidget(values=offered)
    )


def _files(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    widget = FilesInput(lambda is_readonly: needs.draw_files(one, is_readonly), needs.files.get(one.key, ()))
    return colander.SchemaNode(colander.List(), validator=_at_most(one.most or MOST_FILES), widget=widget)


def _rows(one: FormField, needs: FormNeeds) -> colander.SchemaNode:
    row = colander.SchemaNode(colander.Mapping(), name="row", title="")
    for column in one.columns:
        row.add(node_of(column, needs))
    widget = deform.widget.SequenceWidget(
        min_len=1 if one.is_required else None,
        max_len=one.most or MOST_ROWS,
        add_subitem_text_template=_("Add a row"),
    )
    node = colander.SchemaNode(colander.Sequence(), row, widget=widget, validator=_at_most(one.most))
    if one.is_required:
        node.validator = colander.All(colander.Length(min=1), _at_most(one.most or MOST_ROWS))
    return node


def _within(one: FormField) -> Callable[[Any, Any], None]:
    """Between the limits of the field, both included."""
    least = None if one.min is None else Decimal(str(one.min))
    most = None if one.max is None else Decimal(str(one.max))

    def check(node: Any, value: Any) -> None:
        number = Decimal(value)
        if least is not None and number < least:
            raise colander.Invalid(node, _("Must be at least ${number}.", mapping={"number": f"{least:f}"}))
        if most is not None and number > most:
            raise colander.Invalid(node, _("Must be at most ${number}.", mapping={"number": f"{most:f}"}))

    return check


def _at_most(most: int) -> Callable[[Any, Any], None]:
    def check(node: Any, value: Any) -> None:
        if most and len(value) > most:
            raise colander.Invalid(node, _("At most ${count} here.", mapping={"count": most}))

    return check


MAKERS: Mapping[FieldKind, Callable[[FormField, FormNeeds], colander.SchemaNode]] = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _long_text,
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _number,
    FieldKind.DATE: _date,
    FieldKind.MOMENT: _moment,
    FieldKind.CHOICE: _choice,
    FieldKind.CHOICES: _choices,
    FieldKind.YES_NO: _yes_no,
    FieldKind.PERSON: _person,
    FieldKind.PERSONS: _persons,
    FieldKind.DEPARTMENT: _department,
    FieldKind.FILES: _files,
    FieldKind.ROWS: _rows,
}
