"""The baseline: what months were like before the portal, imported from a table; and what it comes to for a choice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import TranslationString, translator
from xinglin.api.people import Department
from xinglin.api.services import DomainError
from xinglin.types import Clock
from xinglin_documents.models import Baseline, Process
from xinglin_documents.service.board.scope import Scope

_ = translator("documents")

HEADINGS = {
    "月份": "month",
    "流程": "process",
    "科室": "department",
    "公文数": "documents",
    "阅读率": "read_share",
    "用时中位数": "median_minutes",
    "用时P90": "p90_minutes",
    "工作时间中位数": "median_working_minutes",
    "工作时间P90": "p90_working_minutes",
}
NUMBERS = tuple(HEADINGS.values())[3:]
MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])", re.ASCII)
NUMBER = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
ROWS_MAX = 5000
MINUTES_MAX = 10_000_000


@dataclass(frozen=True)
class Fault:
    """What is wrong in row `row` (as a spreadsheet counts) under the heading `column`."""

    row: int
    column: str
    sentence: TranslationString


class TableRefused(DomainError):
    """The table has faults; nothing of it was taken."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(_("The table was not taken."), _("Correct the cells below and send it again."))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Line:
    """A row that was understood; `values` are those of `Baseline`."""

    month: str
    process_key: str
    department_id: int | None
    values: Mapping[str, int | None]


@dataclass(frozen=True)
class Reference:
    """The baseline of a choice: means of its months, weighted by documents where they are known."""

    first: str
    last: str
    read_share: float | None
    median: int | None
    p90: int | None
    median_working: int | None
    p90_working: int | None


class BaselineService:
    """Imports tables. `rows` are texts, the headings first."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit

    def check(self, rows: Sequence[Sequence[str]]) -> list[Line]:
        """What the table says. Raises `TableRefused` with every fault at once."""
        positions = _positions(rows[0] if rows else ())
        faults: list[Fault] = []
        lines: dict[tuple[str, str, int | None], Line] = {}
        if len(rows) > ROWS_MAX:
            faults.append(Fault(ROWS_MAX + 1, "", _("The table is too long.")))
        for number, row in enumerate(rows[1:ROWS_MAX], 2):
            texts = {name: row[at].strip() if at < len(row) else "" for name, at in positions.items()}
            if not any(texts.values()):
                continue
            line = self._line(number, texts, faults)
            key = (line.month, line.process_key, line.department_id)
            if key in lines:
                faults.append(Fault(number, "月份", _("This month stands in the table twice.")))
            lines[key] = line
        if not lines and not faults:
            faults.append(Fault(2, "", _("The table has no rows.")))
        if faults:
            raise TableRefused(faults)
        return list(lines.values())

    def take(self, rows: Sequence[Sequence[str]], source: str) -> int:
        """Write the table over what is known of its months; how many rows. Raises `TableRefused`."""
        lines = self.check(rows)
        known = {
            (one.month, one.process_key, one.department_id): one
            for one in self._session.scalars(select(Baseline))
        }
        for line in lines:
            row = known.get((line.month, line.process_key, line.department_id))
            if row is None:
                row = Baseline(
                    month=line.month, process_key=line.process_key, department_id=line.department_id
                )
                self._session.add(row)
            for name, value in line.values.items():
                setattr(row, name, value)
            row.source, row.imported_at = source[:128], self._clock.now()
        facts = {"source": source[:128], "rows": len(lines), "months": sorted({one.month for one in lines})}
        self._audit.record("documents.import_baseline", "baseline", "all", after=facts)
        return len(lines)

    def _line(self, number: int, texts: Mapping[str, str], faults: list[Fault]) -> Line:
        def fault(name: str, sentence: TranslationString) -> None:
            faults.append(Fault(number, next(one for one in HEADINGS if HEADINGS[one] == name), sentence))

        if not MONTH.fullmatch(texts["month"]):
            fault("month", _("Write the month as 2025-11."))
        process, department = texts.get("process", ""), texts.get("department", "")
        if process and process not in self._processes:
            fault("process", _("There is no such process; leave it empty for all."))
        if department and department not in self._departments:
            fault("department", _("There is no such department; leave it empty for all."))
        values: dict[str, int | None] = {}
        for name in NUMBERS:
            try:
                values[name] = _number(name, texts.get(name, ""))
            except ValueError:
                fault(name, _SENTENCES[name == "read_share"])
        return Line(
            texts["month"], self._processes.get(process, ""), self._departments.get(department), values
        )

    @property
    def _processes(self) -> Mapping[str, str]:
        """Keys by title and by key."""
        if not hasattr(self, "_known_processes"):
            rows = self._session.execute(select(Process.key, Process.title)).all()
            self._known_processes = {name: key for key, title in rows for name in (title, key)}
        return self._known_processes

    @property
    def _departments(self) -> Mapping[str, int]:
        if not hasattr(self, "_known_departments"):
            rows = self._session.execute(select(Department.id, Department.name, Department.code)).all()
            self._known_departments = {name: key for key, title, code in rows for name in (title, code)}
        return self._known_departments


_SENTENCES = {True: _("Write percent from 0 to 100."), False: _("Write a whole number.")}


def _positions(header: Iterable[str]) -> dict[str, int]:
    found = {text.strip().partition("（")[0].partition("(")[0]: at for at, text in enumerate(header)}
    positions = {name: found[title] for title, name in HEADINGS.items() if title in found}
    if "month" not in positions or not positions.keys() & set(NUMBERS):
        raise TableRefused(
            [
                Fault(
                    1,
                    "月份",
                    _("The first row needs these headings: ${all}", mapping={"all": "、".join(HEADINGS)}),
                )
            ]
        )
    return positions


def _number(name: str, text: str) -> int | None:
    """Raises `ValueError`. A share is kept in parts per thousand."""
    if not text:
        return None
    if name == "read_share":
        percent = _plain_number(text.removesuffix("%").removesuffix("％").strip())
        if percent > 100:
            raise ValueError(text)
        return round(percent * 10)
    number = _plain_number(text)
    if not (number <= MINUTES_MAX and number == int(number)):
        raise ValueError(text)
    return int(number)


def _plain_number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def reference(session: Session, process: str, scope: Scope, *, is_all: bool) -> Reference | None:
    """The baseline for a type and departments; that of the whole hospital only where the whole is shown."""
    query = select(Baseline).where(Baseline.process_key == process)
    if is_all and scope.departments is None:
        query = query.where(Baseline.department_id.is_(None))
    else:
        query = query.where(Baseline.department_id.in_(scope.departments or ()))
    rows = session.scalars(query.order_by(Baseline.month)).all()
    if not rows:
        return None
    shares = _mean(rows, "read_share")
    return Reference(
        rows[0].month,
        rows[-1].month,
        None if shares is None else round(shares / 10, 1),
        *(_whole(_mean(rows, name)) for name in NUMBERS[2:]),
    )


def _mean(rows: Sequence[Baseline], name: str) -> float | None:
    """A month whose documents are not known weighs one, a month without any nothing."""
    known: list[tuple[int, Any]] = [
        (1 if row.documents is None else row.documents, getattr(row, name)) for row in rows
    ]
    weighted = [(weight, value) for weight, value in known if value is not None]
    whole = sum(weight for weight, _value in weighted)
    return sum(weight * value for weight, value in weighted) / whole if whole else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def factory(context: object, request: Request) -> BaselineService:
    return BaselineService(request.db, request.clock, request.audit)
