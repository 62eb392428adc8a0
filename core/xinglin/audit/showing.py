"""Records for the eye: found, opened and written as lines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of
from xinglin.crypto.service import Keyring, SealBroken

BROKEN = "(details were changed; see `xinglin audit verify`)"


@dataclass(frozen=True)
class Wanted:
    """Which records; empty means any. A trailing * of `action` matches the rest."""

    action: str = ""
    actor: str = ""
    object_id: str = ""
    since: datetime | None = None
    limit: int = 50


def find(session: Session, wanted: Wanted) -> list[AuditRecord]:
    """The newest records that fit, newest last."""
    query = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(wanted.limit)
    if wanted.action.endswith("*"):
        query = query.where(AuditRecord.action.startswith(wanted.action[:-1], autoescape=True))
    elif wanted.action:
        query = query.where(AuditRecord.action == wanted.action)
    if wanted.actor:
        query = query.where((AuditRecord.actor_name == wanted.actor) | (AuditRecord.actor_id == wanted.actor))
    if wanted.object_id:
        query = query.where(AuditRecord.object_id == wanted.object_id)
    if wanted.since:
        query = query.where(AuditRecord.at >= wanted.since)
    return list(reversed(session.scalars(query).all()))


def as_line(row: AuditRecord, keyring: Keyring, zone: ZoneInfo) -> str:
    at = row.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    what = f"{row.object_kind} {row.object_id}".strip()
    who = f"{row.actor_kind:<13} {row.actor_name:<12}"
    return f"{at}  {who} {row.action:<22} {row.result:<7} {what}  {_details(row, keyring)}"


def as_json(row: AuditRecord, keyring: Keyring) -> str:
    names = [column.name for column in AuditRecord.__table__.columns]
    values = {name: getattr(row, name) for name in names} | {"details": _details(row, keyring)}
    return json.dumps(values, ensure_ascii=False, default=str)


def _details(row: AuditRecord, keyring: Keyring) -> str:
    try:
        return details_of(row, keyring)
    except SealBroken:
        return BROKEN
