"""Types of fields: what a browser sends becomes a JSON value that stays the same when it is written back."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import colander

from xinglin.api.i18n import translator
from xinglin.api.people import Department
from xinglin_documents.service.forms.directory import Directory, FoundPerson
from xinglin_documents.service.forms.totals import CENT, as_text

_ = translator("documents")

LONGEST_NUMBER = 15
MOST_DECIMALS = 6
FIRST_YEAR, LAST_YEAR = 1900, 2200
SEPARATORS = ";；\n"
"""Between two persons of one field; a comma may stand in a name."""


class Exact(colander.SchemaType):
    """A number as text, exact: full-width digits and thousands' commas are understood. Money has two decimals."""

    def __init__(self, *, is_money: bool = False) -> None:
        self._is_money = is_money

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return colander.null if appstruct in (colander.null, None, "") else str(appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if cstruct is colander.null or not str(cstruct).strip():
            return colander.null
        number = self._read(node, str(cstruct))
        if number.adjusted() >= LONGEST_NUMBER:
            raise colander.Invalid(node, _("This number is too large."))
        if self._is_money and number != number.quantize(CENT):
            raise colander.Invalid(node, _("An amount has at most two decimals."))
        return as_text(number, is_money=self._is_money)

    def _read(self, node: Any, text: str) -> Decimal:
        plain = unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").lstrip("¥")
        try:
            number = Decimal(plain)
        except InvalidOperation as error:
            raise colander.Invalid(node, _("Enter a number, such as 1200.50.")) from error
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or "e" in plain.lower():
            raise colander.Invalid(node, _("Enter a number, such as 1200.50."))
        if exponent < -MOST_DECIMALS:
            raise colander.Invalid(node, _("This number has too many decimals."))
        return number


class Day(colander.SchemaType):
    """An ISO date."""

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return appstruct or colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct:
            return colander.null
        try:
            day = date.fromisoformat(str(cstruct))
        except ValueError as error:
            raise colander.Invalid(node, _("Please choose a date.")) from error
        return _in_range(node, day).isoformat()


class Moment(colander.SchemaType):
    """An ISO moment in UTC."""

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return appstruct or colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct:
            return colander.null
        try:
            moment = datetime.fromisoformat(str(cstruct))
        except ValueError as error:
            raise colander.Invalid(node, _("Please choose a date and a time.")) from error
        return _in_range(node, moment).astimezone(UTC).isoformat()


class OneKey(colander.SchemaType):
    """The key of one choice."""

    def __init__(self, keys: Collection[str]) -> None:
        self._keys = keys

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return appstruct or colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct:
            return colander.null
        if cstruct not in self._keys:
            raise colander.Invalid(node, _("Choose from the list."))
        return cstruct


class ManyKeys(colander.SchemaType):
    """Keys of choices, in the order of the process, each once."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys

    def serialize(self, node: Any, appstruct: Any) -> Any:
        return tuple(appstruct) if appstruct else colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct:
            return colander.null
        if not set(cstruct) <= set(self._keys):
            raise colander.Invalid(node, _("Choose from the list."))
        return [key for key in self._keys if key in cstruct]


class OnePerson(colander.SchemaType):
    """The id of a person, typed as a name or a staff number."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def serialize(self, node: Any, appstruct: Any) -> Any:
        found = self._directory.person(appstruct) if isinstance(appstruct, int) else None
        return found.text if found else colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct or not str(cstruct).strip():
            return colander.null
        return _only(node, str(cstruct).strip(), self._directory).id


class ManyPersons(colander.SchemaType):
    """Ids of persons, in the order they were named, each once; several are apart by semicolons."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def serialize(self, node: Any, appstruct: Any) -> Any:
        found = (self._directory.person(one) for one in appstruct or ())
        return "; ".join(one.text for one in found if one) or colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct:
            return colander.null
        ids = [_only(node, name, self._directory).id for name in names_in(str(cstruct))]
        return list(dict.fromkeys(ids)) or colander.null


class OneDepartment(colander.SchemaType):
    """The id of a department, chosen by its code."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def serialize(self, node: Any, appstruct: Any) -> Any:
        found = self._directory.department(appstruct) if isinstance(appstruct, int) else None
        return found.code if found else colander.null

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        if not cstruct:
            return colander.null
        found: Department | None = self._directory.department_by_code(str(cstruct))
        if found is None:
            raise colander.Invalid(node, _("Choose from the list."))
        return found.id


def names_in(text: str) -> list[str]:
    """The persons of a field with several, as typed."""
    for separator in SEPARATORS:
        text = text.replace(separator, "\0")
    return [name for name in (part.strip() for part in text.split("\0")) if name]


def _only(node: Any, text: str, directory: Directory) -> FoundPerson:
    meant = directory.meant(text)
    if len(meant) == 1:
        return meant[0]
    if not meant:
        sentence = _("Nobody here is ${name}. Enter the name or the staff number.", mapping={"name": text})
        raise colander.Invalid(node, sentence)
    told = "; ".join(f"{one.text} ({one.note})" for one in meant)
    sentence = _("Several are meant: ${persons}. Add the staff number.", mapping={"persons": told})
    raise colander.Invalid(node, sentence)


def _in_range(node: Any, day: Any) -> Any:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise colander.Invalid(node, _("Please check the year."))
    return day
