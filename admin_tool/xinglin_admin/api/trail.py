"""The values of the contract about the audit trail."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from xinglin_admin.api.models import Body, moment


@dataclass(frozen=True)
class AuditQuery:
    """Which records; empty means any. ``before`` is the id of a record, ``since`` an aware time."""

    since: dt.datetime | None = None
    actor: str = ""
    action: str = ""
    object: str = ""
    before: int | None = None


@dataclass(frozen=True)
class AuditRecord:
    """``details`` is JSON text, None when somebody changed it; ``is_intact``: as the portal wrote it."""

    id: int
    at: dt.datetime
    actor_kind: str
    actor_name: str
    action: str
    object_kind: str
    object_id: str
    result: str
    ip: str
    request_id: str
    details: str | None
    is_intact: bool


@dataclass(frozen=True)
class AuditRecords:
    """``next_before``: with this the older ones are asked for."""

    records: tuple[AuditRecord, ...]
    next_before: int | None


@dataclass(frozen=True)
class AuditCheck:
    """``bad``: pairs of a record's id and what is wrong with it, the first hundred."""

    at: dt.datetime
    by: str
    is_whole: bool
    checked: int
    bad_count: int
    bad: tuple[tuple[int, str], ...]


def write_query(query: AuditQuery) -> dict[str, str | int]:
    """As parameters; times in UTC to the second."""
    values: dict[str, str | int] = {"actor": query.actor, "action": query.action, "object": query.object}
    if query.since is not None:
        values["since"] = query.since.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if query.before is not None:
        values["before"] = query.before
    return values


def read_records(body: Body) -> AuditRecords:
    return AuditRecords(tuple(_record(item) for item in body["records"]), body["next_before"])


def read_check(body: Body) -> AuditCheck:
    return AuditCheck(
        at=moment(body["at"]),
        by=body["by"],
        is_whole=body["is_whole"],
        checked=body["checked"],
        bad_count=body["bad_count"],
        bad=tuple((item["id"], item["reason"]) for item in body["bad"]),
    )


def _record(item: Body) -> AuditRecord:
    names = ("id", "actor_kind", "actor_name", "action", "object_kind", "object_id", "result", "ip")
    others = ("request_id", "details", "is_intact")
    return AuditRecord(at=moment(item["at"]), **{name: item[name] for name in (*names, *others)})
