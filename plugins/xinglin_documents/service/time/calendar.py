"""The hospital's calendar: days that differ from the week's rule, one by one or from a pasted list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.audit import AuditTrail
from xinglin.api.i18n import TranslationString, translator
from xinglin.api.services import DomainError
from xinglin_documents.models import WorkingDay
from xinglin_documents.service.time.working import WORKDAYS

_ = translator("documents")

NOTE_LENGTH = 64
LINES_MAX = 400
FREE, WORKED = ("休", "放假", "off"), ("班", "上班", "调休", "work")
LINE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\s+(\S+)(?:\s+(.*))?", re.ASCII)


@dataclass(frozen=True)
class Day:
    """A day of the year view; `is_exception`: it differs from, or confirms, the week's rule by a row of its own."""

    day: date
    is_working: bool
    is_exception: bool
    note: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong in line `number` of a pasted list."""

    number: int
    sentence: TranslationString


class ListRefused(DomainError):
    """Lines of a pasted list cannot be read; nothing of it was taken."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(_("The list was not taken."), _("Correct the lines below and send it again."))
        self.faults = tuple(faults)


def parsed(text: str) -> list[Day]:
    """Lines such as `2026-10-01 休 国庆节` or `2026-10-10 班`. Raises `ListRefused` with every fault at once."""
    days: dict[date, Day] = {}
    faults: list[Fault] = []
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, line in lines[:LINES_MAX]:
        found = _day(line)
        if isinstance(found, str):
            faults.append(Fault(number, found))
        elif found.day in days:
            faults.append(Fault(number, _("This day stands in the list twice.")))
        else:
            days[found.day] = found
    if not lines:
        faults.append(Fault(1, _("The list is empty.")))
    if len(lines) > LINES_MAX:
        faults.append(Fault(lines[LINES_MAX][0], _("The list is longer than a year has days.")))
    if faults:
        raise ListRefused(faults)
    return list(days.values())


def _day(line: str) -> Day | TranslationString:
    match = LINE.fullmatch(line)
    if match is None:
        return _("Write a date, 休 or 班, and a note, such as: 2026-10-01 休 国庆节")
    year, month, number, kind, note = match.groups()
    try:
        day = date(int(year), int(month), int(number))
    except ValueError:
        return _("There is no such date.")
    if kind not in FREE + WORKED:
        return _("After the date write 休 (free) or 班 (worked).")
    if len(note or "") > NOTE_LENGTH:
        return _("The note is longer than ${most} characters.", mapping={"most": NOTE_LENGTH})
    return Day(day, kind in WORKED, is_exception=True, note=note or "")


class CalendarService:
    """Every change is in the audit trail. Deadlines that stand are not moved; new ones are counted by the new days."""

    def __init__(self, session: Session, audit: AuditTrail) -> None:
        self._session = session
        self._audit = audit

    def year(self, year: int) -> list[Day]:
        """Every day of it, in order."""
        first = date(year, 1, 1)
        query = select(WorkingDay).where(WorkingDay.day >= first, WorkingDay.day <= date(year, 12, 31))
        rows = {row.day: row for row in self._session.scalars(query)}
        days = (first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days))
        return [_shown(day, rows.get(day)) for day in days]

    def set(self, day: date, *, is_working: bool, note: str) -> None:
        """Set one day; one that is as the week's rule says and has no note needs no row."""
        self._write(
            [Day(day, is_working, is_exception=is_working != _is_weekday(day) or bool(note), note=note)]
        )

    def take(self, days: Iterable[Day]) -> int:
        """Set many days, in one transaction; how many were changed."""
        return self._write(days)

    def _write(self, days: Iterable[Day]) -> int:
        changed = [self._set(day) for day in days]
        return sum(changed)

    def _set(self, wanted: Day) -> bool:
        row = self._session.get(WorkingDay, wanted.day)
        before = _shown(wanted.day, row)
        if before == wanted:
            return False
        if row is None:
            self._session.add(WorkingDay(day=wanted.day, is_working=wanted.is_working, note=wanted.note))
        elif wanted.is_exception:
            row.is_working, row.note = wanted.is_working, wanted.note
        else:
            self._session.delete(row)
        self._audit.record(
            "documents.set_day",
            "working_day",
            wanted.day.isoformat(),
            before=_facts(before),
            after=_facts(wanted),
        )
        return True


def _is_weekday(day: date) -> bool:
    return day.isoweekday() <= WORKDAYS


def _shown(day: date, row: WorkingDay | None) -> Day:
    if row is None:
        return Day(day, _is_weekday(day), is_exception=False)
    return Day(day, row.is_working, is_exception=True, note=row.note)


def _facts(day: Day) -> dict[str, object]:
    return {"is_working": day.is_working, "note": day.note}


def factory(context: object, request: Request) -> CalendarService:
    return CalendarService(request.db, request.audit)
