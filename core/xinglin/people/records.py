"""A person and a department as flat values named by their own keys, and the difference between two of them.

Import, sync, undo and single edits all speak in these values, so there is one way of writing people.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from xinglin.people.models import SOURCE_IMPORT, PersonState

Kind = Literal["person", "department"]
PERSON: Kind = "person"
DEPARTMENT: Kind = "department"


@dataclass(frozen=True)
class PersonRecord:
    """A person by staff number. Departments are codes (`department` is the main one), roles keys, tags names.

    `leads` are those of the departments that the person heads; `unreachable` is empty or a value of `Unreachable`.
    """

    staff_no: str
    name: str
    wecom_userid: str | None = None
    mobile: str | None = None
    email: str | None = None
    department: str = ""
    other_departments: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    title: str = ""
    position: str = ""
    roles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    state: str = PersonState.ACTIVE.value
    source: str = SOURCE_IMPORT
    is_confirmed: bool = False
    unreachable: str = ""

    @property
    def departments(self) -> tuple[str, ...]:
        """All departments, the main one first."""
        return (self.department, *self.other_departments) if self.department else self.other_departments


@dataclass(frozen=True)
class DepartmentRecord:
    """A department by code; `parent` is the code above it, empty for a root."""

    code: str
    name: str
    parent: str = ""
    campus: str = ""
    name_en: str = ""
    sort_order: int = 0
    wecom_id: int | None = None
    is_active: bool = True
    source: str = SOURCE_IMPORT


Record = PersonRecord | DepartmentRecord


@dataclass(frozen=True)
class FieldChange:
    """One field before and after; plain JSON values (lists for several)."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """What happens to one person or department; `verb` is what the audit trail calls it."""

    kind: Kind
    key: str
    verb: str
    fields: tuple[FieldChange, ...]
    label: str = ""

    def field(self, name: str) -> FieldChange | None:
        """The change of one field, if it changes."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def before(self) -> dict[str, Any]:
        return {field.name: field.before for field in self.fields}

    @property
    def after(self) -> dict[str, Any]:
        return {field.name: field.after for field in self.fields}

    def as_json(self) -> dict[str, Any]:
        """What an `ImportRun` keeps."""
        return {
            "kind": self.kind,
            "key": self.key,
            "verb": self.verb,
            "label": self.label,
            "fields": [[field.name, field.before, field.after] for field in self.fields],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Change:
        """The change that `as_json` wrote."""
        fields = tuple(FieldChange(*field) for field in stored["fields"])
        return cls(stored["kind"], stored["key"], stored["verb"], fields, stored["label"])


def difference(before: Record | None, after: Record) -> Change | None:
    """What turns `before` into `after`; None when they are equal. A new one lists what is not empty or unusual."""
    is_person = isinstance(after, PersonRecord)
    kind: Kind = PERSON if is_person else DEPARTMENT
    key = _key(after)
    old = dataclasses.asdict(before) if before else {}
    usual = {
        field.name: field.default
        for field in dataclasses.fields(after)
        if field.default is not dataclasses.MISSING
    }
    fields = tuple(
        FieldChange(name, _plain(old.get(name)), _plain(value))
        for name, value in dataclasses.asdict(after).items()
        if name not in {"staff_no", "code"}
        and (
            value != old[name]
            if before
            else value not in (None, "", (), False) or value != usual.get(name, value)
        )
    )
    if before and not fields:
        return None
    return Change(kind, key, _verb(before, after), fields, after.name)


def changed(record: Record, fields: Mapping[str, Any]) -> Any:
    """`record` with these fields (JSON values) replaced."""
    return dataclasses.replace(record, **{name: _tupled(value) for name, value in fields.items()})


def _key(record: Record) -> str:
    return record.staff_no if isinstance(record, PersonRecord) else record.code


def _verb(before: Record | None, after: Record) -> str:
    if before is None:
        return "create"
    if (
        not isinstance(after, PersonRecord)
        or not isinstance(before, PersonRecord)
        or before.state == after.state
    ):
        return "update"
    return {PersonState.LEFT: "leave", PersonState.DISABLED: "disable"}.get(
        PersonState(after.state), "activate"
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
