"""Staff import: plan, show the differences, apply in one transaction, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.people import csv_file, excel, records, roster
from xinglin.people.errors import PeopleRefused
from xinglin.people.models import SOURCE_IMPORT, ImportRun, PersonState, Unreachable
from xinglin.people.problems import Problems
from xinglin.people.progress import Progress, silent
from xinglin.people.records import DEPARTMENT, PERSON, Change, DepartmentRecord, PersonRecord, difference
from xinglin.people.roles import ensure_standard, labels
from xinglin.people.tables import StaffFile
from xinglin.people.understanding import Reader

if TYPE_CHECKING:
    from xinglin.audit.service import AuditTrail
    from xinglin.people.roster import Roster
    from xinglin.types import Clock

_ = translator("core")
REMOVALS_ALLOWED = 0.05
CONFLICTS_SHOWN = 20
MOVES = frozenset({"department", "other_departments"})
ENDS = frozenset({"leave", "disable"})


@dataclass(frozen=True)
class Plan:
    """What applying would do. `active_before` counts active persons now; `notes` are for the reader."""

    source: str
    digest: str
    changes: tuple[Change, ...]
    active_before: int
    notes: tuple[str, ...] = ()

    @property
    def added(self) -> list[Change]:
        return [change for change in self.changes if change.verb == "create"]

    @property
    def removed(self) -> list[Change]:
        """Active persons who would leave, be disabled, or no longer be found in WeCom."""
        return [change for change in self.changes if change.kind == PERSON and _removes(change)]

    @property
    def moved(self) -> list[Change]:
        """Persons who stay but change departments."""
        return [change for change in self.updated if change.kind == PERSON and MOVES & set(change.after)]

    @property
    def updated(self) -> list[Change]:
        return [change for change in self.changes if change.verb not in {"create", "leave"}]

    @property
    def removes_too_many(self) -> bool:
        """More than 5 % of those who are active would go: somebody has to say that this is meant."""
        return len(self.removed) > REMOVALS_ALLOWED * self.active_before

    def refuse_removals(self) -> None:
        """Raises `PeopleRefused` when it removes too many; for those who were not told that this is meant."""
        if self.removes_too_many:
            raise PeopleRefused(
                _(
                    "${count} of ${active} active people would be removed, more than 5 %.",
                    mapping={"count": len(self.removed), "active": self.active_before},
                ),
                _(
                    "Check that the file is complete. If this is meant, allow the removals (--allow-removals)."
                ),
            )


def read_file(path: Path, progress: Progress = silent) -> StaffFile:
    """An .xlsx or a .csv of people, `progress` in 100 points. Raises `FileRefused` when it cannot be read."""
    return csv_file.read(path) if path.suffix.lower() == ".csv" else excel.read(path, progress)


class ImportService:
    """Plans against the session's data and applies in its transaction; the caller commits."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit

    def plan(self, file: StaffFile) -> Plan:
        """The differences between the file and what is stored. Raises `FileRefused` with every mistake."""
        stored = roster.read(self._session)
        reader = Reader(stored, labels(self._session), file.problems.copy())
        departments = reader.departments(file.departments)
        people = reader.people(file.people, departments) if file.people else {}
        if file.people:
            people = _with_leavers(stored, people)
            people = _accounts_settled(stored, people, reader.problems)
        reader.problems.raise_any()
        if file.departments:
            named = {row.cells["code"].strip() for row in file.departments.rows}
            departments = _with_closed(stored, departments, {**stored.people, **people}, named)
        active = sum(person.state == PersonState.ACTIVE for person in stored.people.values())
        changes = _differences(stored, departments, people)
        return Plan(file.name, file.digest, changes, active, file.notes)

    def apply(
        self, plan: Plan, *, allow_removals: bool = False, progress: Progress = silent
    ) -> ImportRun | None:
        """Write the plan; None when there is nothing to write. Raises `PeopleRefused` when it removes too many.

        `progress` steps once for each change of a person.
        """
        if not allow_removals:
            plan.refuse_removals()
        if not plan.changes:
            return None
        ensure_standard(self._session)
        run = ImportRun(
            source=plan.source[:255],
            digest=plan.digest,
            applied_at=self._clock.now(),
            applied_by=self._audit.actor.name,
            changes=[change.as_json() for change in plan.changes],
        )
        self._session.add(run)
        self._session.flush()
        roster.Writer(self._session, self._clock, self._audit).apply(plan.changes, progress=progress)
        self._audit.record("import.apply", "import", run.public_id, after=_summary(plan))
        return run

    def runs(self, limit: int = 20) -> list[ImportRun]:
        """The latest imports and syncs, the newest first."""
        return list(self._session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit)))

    def undo(self, public_id: str, progress: Progress = silent) -> ImportRun:
        """Put back what one run changed; whom it created is ended. Raises `PeopleRefused` if changed since."""
        run = self._session.scalar(select(ImportRun).where(ImportRun.public_id == public_id))
        if run is None or run.undone_at is not None:
            raise PeopleRefused(
                _("There is no import ${id} that could be undone.", mapping={"id": public_id}),
                _("List the imports with: xinglin people imports"),
            )
        stored = roster.read(self._session)
        done = [Change.from_json(change) for change in run.changes]
        _refuse_conflicts(stored, done)
        back = [change for change in (_undone(stored, change) for change in done) if change]
        roster.Writer(self._session, self._clock, self._audit).apply(
            back, reason=f"undo {public_id}", progress=progress
        )
        run.undone_at = self._clock.now()
        self._audit.record("import.undo", "import", public_id, after={"changes": len(back)})
        self._session.flush()
        return run


def _removes(change: Change) -> bool:
    state, unreachable = change.field("state"), change.field("unreachable")
    if change.verb in ENDS and state is not None:
        return bool(state.before == PersonState.ACTIVE)
    return unreachable is not None and unreachable.after == Unreachable.NOT_IN_WECOM


def _with_leavers(stored: Roster, people: Mapping[str, PersonRecord]) -> dict[str, PersonRecord]:
    """Those on the hospital's list who are missing from the file have left."""
    gone = {
        number: replace(person, state=PersonState.LEFT.value)
        for number, person in stored.people.items()
        if number not in people and person.source == SOURCE_IMPORT
    }
    return {**people, **gone}


def _accounts_settled(
    stored: Roster, people: Mapping[str, PersonRecord], problems: Problems
) -> dict[str, PersonRecord]:
    """An account in the file is taken from those who have left; from anybody else that is a mistake."""
    settled = dict(people)
    holders = {
        person.wecom_userid.lower(): person for person in stored.people.values() if person.wecom_userid
    }
    for person in people.values():
        holder = holders.get((person.wecom_userid or "").lower())
        if holder is None or holder.staff_no == person.staff_no or person.state == PersonState.LEFT:
            continue
        now = settled.get(holder.staff_no, holder)
        if now.wecom_userid is None or now.wecom_userid.lower() != holder.wecom_userid.lower():  # type: ignore[union-attr]
            continue
        if now.state == PersonState.LEFT:
            settled[holder.staff_no] = replace(now, wecom_userid=None)
        else:
            problems.add(
                "",
                _(
                    "The WeCom account ${account} of ${number} belongs to ${name} (${holder}).",
                    mapping={
                        "account": person.wecom_userid,
                        "number": person.staff_no,
                        "name": holder.name,
                        "holder": holder.staff_no,
                    },
                ),
                _(
                    "If they are one person, keep the staff number ${number}.",
                    mapping={"number": holder.staff_no},
                ),
            )
    return settled


def _with_closed(
    stored: Roster,
    departments: Mapping[str, DepartmentRecord],
    people: Mapping[str, PersonRecord],
    named: set[str],
) -> dict[str, DepartmentRecord]:
    """Departments that the file no longer names are closed, unless somebody who is not gone is in them."""
    used = {
        code for person in people.values() if person.state != PersonState.LEFT for code in person.departments
    }
    closed = {
        code: replace(department, is_active=False)
        for code, department in stored.departments.items()
        if code not in named | used and department.source == SOURCE_IMPORT
    }
    return {**departments, **closed}


def _differences(
    stored: Roster, departments: Mapping[str, DepartmentRecord], people: Mapping[str, PersonRecord]
) -> tuple[Change, ...]:
    of_departments = (
        difference(stored.departments.get(code), record) for code, record in departments.items()
    )
    of_people = (difference(stored.people.get(number), record) for number, record in people.items())
    return tuple(change for change in (*of_departments, *of_people) if change)


def _summary(plan: Plan) -> dict[str, int | str]:
    return {
        "source": plan.source,
        "digest": plan.digest,
        "added": len(plan.added),
        "updated": len(plan.updated),
        "removed": len(plan.removed),
    }


def _refuse_conflicts(stored: Roster, done: Sequence[Change]) -> None:
    """Nothing may have touched the same fields since."""
    conflicts = [
        f"{change.label} ({change.key}): {field.name}"
        for change in done
        for field in change.fields
        if _value(stored, change, field.name) != field.after
    ]
    if conflicts:
        more = [f"… ({len(conflicts)})"] if len(conflicts) > CONFLICTS_SHOWN else []
        raise PeopleRefused(
            _(
                "This was changed after the import: ${what}",
                mapping={"what": "; ".join(conflicts[:CONFLICTS_SHOWN] + more)},
            ),
            _("Undo the later change first, or correct these by a new import."),
        )


def _value(stored: Roster, change: Change, field: str) -> object:
    record = (stored.people if change.kind == PERSON else stored.departments)[change.key]
    value = getattr(record, field)
    return list(value) if isinstance(value, tuple) else value


def _undone(stored: Roster, change: Change) -> Change | None:
    """The way back. What was created is not deleted: a person has left, a department is closed."""
    record = (stored.people if change.kind == PERSON else stored.departments)[change.key]
    if change.verb != "create":
        return difference(record, records.changed(record, change.before))
    if change.kind == DEPARTMENT:
        return difference(record, records.changed(record, {"is_active": False}))
    return difference(record, records.changed(record, {"state": PersonState.LEFT.value}))
