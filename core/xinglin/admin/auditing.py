"""The audit trail for the audit administrator: read, checked, taken out; each look is itself recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, defer

from xinglin.admin.errors import FieldProblem, FieldsRefused
from xinglin.admin.values import AuditCheck, AuditEntry, AuditFilter, AuditPage, BadEntry
from xinglin.api.i18n import translator
from xinglin.audit import reading, verify
from xinglin.audit.models import AuditRecord, AuditSeal
from xinglin.audit.seals import Cursor
from xinglin.audit.service import AuditTrail, details_of, mac_of
from xinglin.audit.verify import Span
from xinglin.crypto.service import Keyring, SealBroken
from xinglin.types import Clock

_ = translator("core")
MOST_EXPORTED = 10_000
MOST_CHECKED = 20_000
"""Records that one request checks: a fraction of a second. The whole is for `xinglin audit verify`."""
MOST_NAMED = 100
LAST_CHECKS = 50
NEWEST = "newest"


class AuditDesk:
    """Details are opened here and nowhere else in the admin API."""

    def __init__(self, session: Session, clock: Clock, audit: AuditTrail, keyring: Keyring) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._keyring = keyring

    def page(self, wanted: AuditFilter, limit: int) -> AuditPage:
        """The newest records that fit, newest first."""
        rows = self._find(wanted, limit + 1)
        shown = rows[:limit]
        self._note("audit.read", wanted, shown=len(shown))
        next_before = shown[-1].id if len(rows) > limit else None
        return AuditPage(self._entries(shown), next_before)

    def export(self, wanted: AuditFilter, reason: str) -> tuple[AuditEntry, ...]:
        """All records that fit, for a file. Raises `FieldsRefused` when they are more than 10,000."""
        if not reason.strip():
            raise FieldsRefused([FieldProblem("reason", _("Say what the file is for."))])
        rows = self._find(wanted, MOST_EXPORTED + 1)
        if len(rows) > MOST_EXPORTED:
            message = _(
                "More than ${most} records fit: choose a shorter time.", mapping={"most": MOST_EXPORTED}
            )
            raise FieldsRefused([FieldProblem("since", message)])
        self._note("audit.export", wanted, shown=len(rows), reason=reason.strip())
        return self._entries(rows)

    def last_whole_check(self) -> AuditCheck | None:
        """The newest check of every record, by the command line or a job."""
        query = (
            select(AuditRecord).where(AuditRecord.action == "audit.verify").order_by(AuditRecord.id.desc())
        )
        rows = self._session.scalars(query.limit(LAST_CHECKS)).all()
        self._note("audit.read", AuditFilter(action="audit.verify"), shown=len(rows))
        for row in rows:
            said = json.loads(self._details(row) or "{}").get("after", {})
            if said.get("scope") != NEWEST and {"checked", "bad"} <= said.keys():
                return AuditCheck(row.at, row.actor_name, True, int(said["checked"]), int(said["bad"]))
        return None

    def check_newest(self) -> AuditCheck:
        """Check the newest 20,000 records and the seals over them, as `xinglin audit verify` checks all."""
        span = self._newest_span()
        part = verify.check(self._session.connection(), self._keyring, span)
        bad = sorted([*part.bad, *verify.never_sealed(part.loose, self._cursor())])
        after = {"checked": part.count, "bad": len(bad), "scope": NEWEST}
        self._audit.record("audit.verify", after=after, result="error" if bad else "ok")
        named = tuple(BadEntry(found.id, found.reason) for found in bad[:MOST_NAMED])
        by = self._audit.actor.name
        return AuditCheck(self._clock.now(), by, False, part.count, len(bad), named)

    def _newest_span(self) -> Span:
        low = (self._session.scalar(select(func.max(AuditRecord.id))) or 0) - MOST_CHECKED
        query = select(func.min(AuditSeal.number), func.max(AuditSeal.number))
        # Only seals whose records are all in the span: of others the rest would count as read for nothing.
        first, last = self._session.execute(query.where(AuditSeal.first_id > low, AuditSeal.count > 0)).one()
        return Span(low, None, first or 1, last or 0)

    def _cursor(self) -> Cursor:
        query = select(AuditSeal).options(defer(AuditSeal.members)).order_by(AuditSeal.number.desc()).limit(1)
        seal = self._session.scalar(query)
        return Cursor(seal.cursor_transaction, seal.cursor_id, seal.floor_id) if seal else Cursor()

    def _find(self, wanted: AuditFilter, limit: int) -> Sequence[AuditRecord]:
        query = select(AuditRecord).where(*_conditions(wanted)).order_by(AuditRecord.id.desc())
        return self._session.scalars(query.limit(limit)).all()

    def _entries(self, rows: Sequence[AuditRecord]) -> tuple[AuditEntry, ...]:
        intact = self._intact([row.id for row in rows])
        return tuple(self._entry(row, is_intact=row.id in intact) for row in rows)

    def _intact(self, ids: Sequence[int]) -> set[int]:
        """Of these ids the ones whose record fits its MAC."""
        chosen = reading.query().where(AuditRecord.id.in_(ids))
        return {
            found.id
            for found in reading.stored(self._session.connection(), chosen)
            if found.key_id == self._keyring.key_id and found.mac == mac_of(found.body, self._keyring)
        }

    def _entry(self, row: AuditRecord, *, is_intact: bool) -> AuditEntry:
        details = self._details(row)
        return AuditEntry(
            row.id,
            row.at,
            row.actor_kind,
            row.actor_id,
            row.actor_name,
            row.action,
            row.object_kind,
            row.object_id,
            row.result,
            row.ip,
            row.session_id,
            row.request_id,
            details,
            is_intact and details is not None,
        )

    def _details(self, row: AuditRecord) -> str | None:
        try:
            return details_of(row, self._keyring)
        except SealBroken:
            return None

    def _note(self, action: str, wanted: AuditFilter, **more: Any) -> None:
        asked = {name: _plain(value) for name, value in asdict(wanted).items() if value not in ("", None)}
        self._audit.record(action, "audit", "", after={**asked, **more})


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield AuditRecord.at >= wanted.since
    if wanted.until is not None:
        yield AuditRecord.at < wanted.until
    if wanted.before is not None:
        yield AuditRecord.id < wanted.before
    if wanted.actor:
        yield or_(AuditRecord.actor_name == wanted.actor, AuditRecord.actor_id == wanted.actor)
    if wanted.object:
        yield or_(AuditRecord.object_id == wanted.object, AuditRecord.object_kind == wanted.object)
    if wanted.action.endswith("*"):
        yield AuditRecord.action.startswith(wanted.action[:-1], autoescape=True)
    elif wanted.action:
        yield AuditRecord.action == wanted.action


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def factory(context: Any, request: Any) -> AuditDesk:
    return AuditDesk(request.db, request.clock, request.audit, request.keyring)
