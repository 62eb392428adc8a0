"""`xinglin access`: the zones of addresses, and the way in when they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click

from xinglin.access.groups import ZONE_OF, RouteGroup, Zone
from xinglin.access.service import AccessService
from xinglin.api.services import DomainError

zone_argument = click.argument("zone", type=click.Choice([zone.value for zone in Zone]))


@click.group()
def access() -> None:
    """访问地址 From which addresses the portal may be used. A change acts within 5 seconds."""


@access.command("list")
@click.pass_obj
def list_all(context: Any) -> None:
    """列出各区 Show the zones, their networks and what is open in an emergency."""
    with context.session() as (_session, trail):
        trail.record("access.list", "route_group")
    with _service(context) as service:
        for zone, rules in service.zones().items():
            groups = ", ".join(group for group, own in ZONE_OF.items() if own is zone)
            click.echo(f"{zone} ({groups}): {'' if rules else '不限 open to every address'}".rstrip())
            for rule in rules:
                click.echo(f"  {rule.cidr}\t{rule.note}\t{rule.created_by} {rule.created_at:%Y-%m-%d}")
        for group, until in service.open_until().items():
            local = until.astimezone(context.settings.zone)
            click.echo(f"应急开放 open in an emergency: {group}, until {local:%Y-%m-%d %H:%M}")


@access.command()
@zone_argument
@click.argument("cidr")
@click.option("--note", default="", help="说明 What this network is.")
@click.pass_obj
def allow(context: Any, zone: str, cidr: str, note: str) -> None:
    """加入网段 Add a network such as 10.0.0.0/8 to a zone."""
    with _service(context) as service:
        service.allow(Zone(zone), cidr, note)
    click.echo(f"已加入 added to {zone}: {cidr}")


@access.command()
@zone_argument
@click.argument("cidr")
@click.pass_obj
def remove(context: Any, zone: str, cidr: str) -> None:
    """移除网段 Take a network out of a zone; a zone without networks is open."""
    with _service(context) as service:
        service.remove(Zone(zone), cidr)
    click.echo(f"已移除 removed from {zone}: {cidr}")


@access.command("open")
@click.option("--for", "minutes", type=int, required=True, help="分钟 Minutes until it ends by itself.")
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=click.Choice([group.value for group in RouteGroup]),
    help="只开放 Only these groups of pages. [default: all]",
)
@click.pass_obj
def open_for_a_while(context: Any, minutes: int, groups: tuple[str, ...]) -> None:
    """应急开放 Let every address in for some minutes, when the rules lock the right people out."""
    with _service(context) as service:
        ends_at = service.open(map(RouteGroup, groups or RouteGroup), timedelta(minutes=minutes))
    local = ends_at.astimezone(context.settings.zone)
    click.echo(f"开放至 open until {local:%Y-%m-%d %H:%M}; 请尽快修正规则 now mend the zones")


@contextmanager
def _service(context: Any) -> Iterator[AccessService]:
    try:
        with context.session() as (session, audit):
            yield AccessService(session, context.clock, audit)
    except DomainError as error:
        raise click.ClickException(f"{error.message} {error.cure}".strip()) from error
