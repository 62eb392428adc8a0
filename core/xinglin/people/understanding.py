"""From rows of texts to records: what the file wants every department and person to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from xinglin.api.i18n import translator
from xinglin.people import checks, tree
from xinglin.people.checks import BadValue
from xinglin.people.layout import NO, STATES, YES
from xinglin.people.models import SOURCE_IMPORT
from xinglin.people.problems import Problems
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.roster import Roster
from xinglin.people.tables import Row, Table

_ = translator("core")
UNIQUE_FIELDS = {
    "staff_no": "工号",
    "wecom_userid": "企业微信账号",
    "mobile": "手机",
    "code": "部门编码",
    "wecom_id": "企业微信部门编号",
}
LARGEST_NUMBER = 2**31 - 1
FLAGS = {YES: True, NO: False}
CHOICES: Mapping[str, Mapping[str, Any]] = {"state": STATES, "leads": FLAGS, "is_confirmed": FLAGS}


@dataclass
class Reader:
    """Reads both tables against what is stored; every mistake goes to `problems` with its cell."""

    roster: Roster
    roles: Mapping[str, str]
    problems: Problems = field(default_factory=Problems)
    _seen: dict[tuple[str, str], str] = field(default_factory=dict)
    _lacks_codes: bool = False

    def departments(self, table: Table | None) -> dict[str, DepartmentRecord]:
        """All departments as they shall be, by code; those that the file lacks as they are."""
        wanted = dict(self.roster.departments)
        rows: dict[str, Row] = {}
        for row in table.rows if table else ():
            code = self._key(row, "code")
            values = self._values(
                row,
                table.fields - {"code"} if table else frozenset(),
                self._department_value,
                claims=bool(code),
            )
            if code:
                before = self.roster.departments.get(code, DepartmentRecord(code, ""))
                wanted[code] = replace(before, **values, is_active=True, source=SOURCE_IMPORT)
                rows[code] = row
        self._check_tree(wanted, rows)
        return wanted

    def people(self, table: Table, departments: Mapping[str, DepartmentRecord]) -> dict[str, PersonRecord]:
        """The persons of the file by staff number."""
        wanted: dict[str, PersonRecord] = {}
        for row in table.rows:
            staff_no = self._key(row, "staff_no")
            values = self._values(row, table.fields - {"staff_no"}, self._person_value, claims=bool(staff_no))
            self._check_departments(row, values, departments)
            if staff_no:
                before = self.roster.people.get(staff_no, PersonRecord(staff_no, ""))
                wanted[staff_no] = _merged(before, values)
        return wanted

    def _key(self, row: Row, name: str) -> str | None:
        values = self._values(row, frozenset({name}), lambda _name, text: checks.code(text))
        if name not in values:
            self._lacks_codes |= name == "code"
            return None
        key = str(values[name])
        return key if self._seen[name, key.lower()] == row.address(name) else None

    def _is_new(self, row: Row, name: str, value: str) -> bool:
        first = self._seen.setdefault((name, value.lower()), row.address(name))
        if first == row.address(name):
            return True
        self.problems.add(
            row.address(name),
            _(
                "${header} ${value} is already in ${address}.",
                mapping={"header": UNIQUE_FIELDS[name], "value": value, "address": first},
            ),
            _("Each may be there only once: correct one of the two rows."),
        )
        return False

    def _values(
        self, row: Row, fields: frozenset[str], value_of: Callable[[str, str], Any], *, claims: bool = True
    ) -> dict[str, Any]:
        """What can be read; only a row that `claims` takes its account and mobile: one pasted twice is one mistake."""
        values = {}
        for name in sorted(fields - row.unreadable, key=list(row.letters).index):
            try:
                values[name] = value_of(name, row.cells[name])
            except BadValue as bad:
                self.problems.add(row.address(name), bad.message, bad.cure)
            else:
                if claims and name in UNIQUE_FIELDS and values[name]:
                    self._is_new(row, name, str(values[name]))
        return values

    def _department_value(self, name: str, text: str) -> Any:
        if name == "sort_order":
            return _whole(text) or 0
        if name == "wecom_id":
            return _whole(text)
        if name == "parent":
            return checks.code(text) if text.strip() else ""
        return checks.DEPARTMENT_RULES[name](text)

    def _person_value(self, name: str, text: str) -> Any:
        if name in checks.PERSON_RULES:
            return checks.PERSON_RULES[name](text)
        if name == "department":
            return checks.code(text)
        if name == "other_departments":
            return tuple(dict.fromkeys(map(checks.code, _several(text))))
        if name == "tags":
            return tuple(sorted({checks.label(part) for part in _several(text)}))
        if name == "roles":
            return tuple(sorted({self._role(part) for part in _several(text)}))
        return _one_of(text, CHOICES[name])

    def _role(self, text: str) -> str:
        if text in self.roles:
            return self.roles[text]
        names = [name for name in self.roles if not name.isascii()] or list(self.roles)
        raise BadValue(
            _("There is no role ${role}.", mapping={"role": text}),
            _(
                "Use one of: ${roles}; or add it first with: xinglin people role KEY NAME",
                mapping={"roles": "、".join(names)},
            ),
        )

    def _check_departments(
        self, row: Row, values: Mapping[str, Any], departments: Mapping[str, DepartmentRecord]
    ) -> None:
        for name, codes in (
            ("department", [values.get("department")]),
            ("other_departments", values.get("other_departments", ())),
        ):
            for code in codes:
                if code and not self._is_known(code, departments):
                    self.problems.add(
                        row.address(name),
                        _("There is no department ${code}.", mapping={"code": code}),
                        _("Correct the code, or add the department to the sheet 部门."),
                    )

    def _is_known(self, code: str, departments: Mapping[str, DepartmentRecord]) -> bool:
        """Whether the department is open; one that is not there may have been meant by a code that is unreadable."""
        return departments[code].is_active if code in departments else self._lacks_codes

    def _check_tree(self, wanted: Mapping[str, DepartmentRecord], rows: Mapping[str, Row]) -> None:
        parents = {code: record.parent for code, record in wanted.items()}
        for code, row in rows.items():
            if parents[code] and parents[code] not in wanted:
                if self._lacks_codes:
                    continue
                self.problems.add(
                    row.address("parent"),
                    _("There is no department ${code}.", mapping={"code": parents[code]}),
                    _("Correct the code, or add the department to the sheet 部门."),
                )
                continue
            way = tree.way_up(code, parents)
            if way is None or len(way) > tree.DEPTH_MAX:
                self.problems.add(
                    row.address("parent"),
                    _("Department ${code} would hang below itself, or too deep.", mapping={"code": code}),
                    _(
                        "Choose another department above it; ${limit} levels are the most.",
                        mapping={"limit": tree.DEPTH_MAX},
                    ),
                )


def _merged(before: PersonRecord, values: Mapping[str, Any]) -> PersonRecord:
    """`before` with what the file says. An empty account, state or verification says nothing."""
    kept = dict(values)
    leads = kept.pop("leads", None)
    for name in ("wecom_userid", "state", "is_confirmed"):
        if not kept.get(name):
            kept.pop(name, None)
    after = replace(before, **kept, source=SOURCE_IMPORT)
    others = tuple(code for code in after.other_departments if code != after.department)
    heads_main = after.department in before.leads if leads is None and "leads" not in values else bool(leads)
    led = [code for code in others if code in before.leads]
    return replace(
        after, other_departments=others, leads=tuple([after.department, *led] if heads_main else led)
    )


def _several(text: str) -> list[str]:
    return [part.strip() for part in re.split("[;；]", text) if part.strip()]


def _one_of(text: str, words: Mapping[str, Any]) -> Any:
    """The meaning of a word; None for an empty cell."""
    word = text.strip()
    if word and word not in words:
        raise BadValue(
            _("${value} is not known here.", mapping={"value": word}),
            _("Use one of: ${words}", mapping={"words": "、".join(words)}),
        )
    return words[word] if word else None


def _whole(text: str) -> int | None:
    word = text.strip()
    if word and (not re.fullmatch(r"-?[0-9]{1,10}", word) or abs(int(word)) > LARGEST_NUMBER):
        raise BadValue(_("${value} is not a whole number.", mapping={"value": word}), _("Write digits only."))
    return int(word) if word else None
