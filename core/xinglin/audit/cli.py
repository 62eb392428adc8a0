"""`xinglin audit verify|show`."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import click
from sqlalchemy import select

from xinglin.audit.models import AuditRecord
from xinglin.audit.verify import BadRecord, count, verify
from xinglin.kernel.cli_context import CliContext


@click.group()
def audit() -> None:
    """The audit trail: check it, look at it."""


@audit.command("verify")
@click.pass_obj
def verify_command(context: CliContext) -> None:
    """Check every record. Exit code 0: all are as they were written; 1: bad ones were found and are named."""
    bad: list[BadRecord] = []
    with context.database.read_session() as session:
        total = count(session)
        with click.progressbar(length=total, label="Checking", file=sys.stderr, hidden=total < 20_000) as bar:
            for found in verify(session, context.keyring):
                if isinstance(found, BadRecord):
                    bad.append(found)
                else:
                    bar.update(found - bar.pos)
    for record in bad[:100]:
        click.echo(f"BAD record {record.id} (event {record.event_id}): {record.reason}")
    click.echo(f"{total} records checked, {len(bad)} bad")
    with context.session() as (_session, trail):
        trail.record("audit.verify", after={"checked": total, "bad": len(bad)})
    if bad:
        raise click.exceptions.Exit(1)


@audit.command("show")
@click.option(
    "--action", default="", help="Only this action, such as grant.create; a trailing * matches the rest."
)
@click.option("--actor", default="", help="Only this actor's name or id.")
@click.option("--object", "object_id", default="", help="Only acts on this object id.")
@click.option("--since", type=click.DateTime(), help="Only from this time on (the hospital's time zone).")
@click.option("--limit", default=50, show_default=True, help="The newest so many records.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def show_command(
    context: CliContext,
    action: str,
    actor: str,
    object_id: str,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show records, newest last. Looking at them is itself recorded."""
    query = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(limit)
    if action:
        query = query.where(
            AuditRecord.action.startswith(action[:-1], autoescape=True)
            if action.endswith("*")
            else AuditRecord.action == action
        )
    if actor:
        query = query.where((AuditRecord.actor_name == actor) | (AuditRecord.actor_id == actor))
    if object_id:
        query = query.where(AuditRecord.object_id == object_id)
    if since:
        query = query.where(AuditRecord.at >= since.replace(tzinfo=context.settings.zone))
    with context.session() as (session, trail):
        rows = list(reversed(session.scalars(query).all()))
        trail.record(
            "audit.show", after={"action": action, "actor": actor, "object": object_id, "shown": len(rows)}
        )
        for row in rows:
            click.echo(_as_json(row) if as_json else _as_line(row, context))


def _as_line(row: AuditRecord, context: CliContext) -> str:
    at = row.at.astimezone(context.settings.zone).strftime("%Y-%m-%d %H:%M:%S")
    what = f"{row.object_kind} {row.object_id}".strip()
    return f"{at}  {row.actor_kind:<13} {row.actor_name:<12} {row.action:<22} {row.result:<7} {what}  {row.details}"


def _as_json(row: AuditRecord) -> str:
    names = [column.name for column in AuditRecord.__table__.columns]
    return json.dumps({name: getattr(row, name) for name in names}, ensure_ascii=False, default=str)
