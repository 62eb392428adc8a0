"""The form in the text of a process: `form:` with its fields, choices and detail rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xinglin.api.i18n import translator
from xinglin_documents.service.definitions import shapes
from xinglin_documents.service.definitions.faults import Fault
from xinglin_documents.service.definitions.reading import CHOOSE, Reader
from xinglin_documents.service.definitions.source import Path
from xinglin_documents.service.engine.definition import Choice, FieldKind, FormField

_ = translator("documents")

WITH_CHOICES = (FieldKind.CHOICE, FieldKind.CHOICES)
NUMBERS = (FieldKind.NUMBER, FieldKind.MONEY)
NOT_IN_ROWS = (FieldKind.ROWS, FieldKind.FILES)
MOST_FIELDS = 100


def form(reader: Reader, path: Path, value: Any) -> tuple[FormField, ...]:
    """All fields of the form; totals are checked against its rows."""
    fields = tuple(_field(reader, at, one) for at, one in reader.items(path, value))
    _check_unique(reader, fields)
    if not fields:
        reader.fault(path, _("The form has no field."), _("Give “form” at least one field."))
    if len(fields) > MOST_FIELDS:
        cause = _("The form has more than ${most} fields.", mapping={"most": MOST_FIELDS})
        reader.fault(path, cause, _("Use detail rows, or attach a table."))
    for index, one in enumerate(fields):
        if one.total_of:
            _check_total(reader, (*path, index, "total_of"), one, fields)
    return fields


def _field(reader: Reader, path: Path, value: Any, *, is_column: bool = False) -> FormField:
    clean = reader.mapping(shapes.FIELD, path, value)
    kind = clean["kind"]
    choices = tuple(
        _choice(reader, at, one) for at, one in reader.items((*path, "choices"), clean["choices"])
    )
    listed = reader.items((*path, "columns"), clean["columns"])
    columns = () if is_column else tuple(_field(reader, at, one, is_column=True) for at, one in listed)
    made = FormField(
        key=clean["field"],
        title=clean["title"],
        kind=kind,
        title_en=clean["title_en"],
        is_required=clean["required"],
        hint=clean["hint"],
        choices=choices,
        columns=columns,
        min=clean["min"],
        max=clean["max"],
        max_length=clean["max_length"],
        most=clean["most"],
        total_of=clean["total_of"],
        is_public=clean["public"],
        line=reader.line(path),
    )
    _check_kind(reader, path, made, is_column=is_column)
    return made


def _choice(reader: Reader, path: Path, value: Any) -> Choice:
    clean = reader.mapping(shapes.CHOICE, path, value)
    return Choice(clean["key"], clean["title"], clean["title_en"])


def _check_kind(reader: Reader, path: Path, one: FormField, *, is_column: bool) -> None:
    names = {"kind": one.kind.value}
    if one.kind in WITH_CHOICES and not one.choices:
        cause = _("A field of kind “${kind}” needs choices.", mapping=names)
        reader.fault((*path, "kind"), cause, _("List them under “choices”, each with key and title."))
    if one.choices and one.kind not in WITH_CHOICES:
        cause = _("A field of kind “${kind}” has no choices.", mapping=names)
        reader.fault((*path, "choices"), cause, _("Remove them, or make the kind “choice”."))
    if len({choice.key for choice in one.choices}) < len(one.choices):
        reader.fault((*path, "choices"), _("Two choices have the same key."), CHOOSE)
    if is_column and one.kind in NOT_IN_ROWS:
        cause = _("Detail rows cannot hold a field of kind “${kind}”.", mapping=names)
        reader.fault((*path, "kind"), cause, _("Put it beside the rows."))
    if one.kind is FieldKind.ROWS and not one.columns and not is_column:
        reader.fault(
            (*path, "kind"), _("Detail rows need columns."), _("List them under “columns” like fields.")
        )
    if one.columns and one.kind is not FieldKind.ROWS:
        reader.fault((*path, "columns"), _("Only detail rows have columns."), _("Make the kind “rows”."))
    if one.min is not None and one.max is not None and one.min > one.max:
        reader.fault((*path, "min"), _("The least is greater than the most."), _("Exchange “min” and “max”."))
    _check_unique(reader, one.columns)


def _check_unique(reader: Reader, fields: Sequence[FormField]) -> None:
    seen: set[str] = set()
    for one in fields:
        if one.key and one.key in seen:
            cause = _("There are two fields “${key}”.", mapping={"key": one.key})
            reader.faults.append(Fault(one.line, cause, CHOOSE))
        seen.add(one.key)


def _check_total(reader: Reader, path: Path, one: FormField, fields: Sequence[FormField]) -> None:
    rows, _point, column = one.total_of.partition(".")
    columns = [two for field in fields if field.key == rows for two in field.columns if two.key == column]
    if not columns or columns[0].kind not in NUMBERS:
        cause = _("“${words}” is no column with numbers.", mapping={"words": one.total_of})
        reader.fault(path, cause, _("Write it as rows.column, such as items.amount."))
    if one.kind not in NUMBERS:
        reader.fault(path, _("A total is a number or money."), _("Make the kind “number” or “money”."))
