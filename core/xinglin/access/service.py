"""Reading and changing the rules; every change is recorded before → after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from xinglin.access.addresses import address_of, is_inside, network_of
from xinglin.access.groups import RouteGroup, Zone
from xinglin.access.models import LONGEST_NOTE, ZoneOpening, ZoneRule
from xinglin.api.i18n import translator
from xinglin.api.services import DomainError
from xinglin.audit.service import AuditTrail
from xinglin.types import Clock

_ = translator("core")
MOST_RULES = 200
LONGEST_OPENING = timedelta(hours=24)


class AccessRefused(DomainError):
    """A rule or an opening that cannot be."""


@dataclass(frozen=True)
class Network:
    """A network as somebody wrote it, and what for."""

    cidr: str
    note: str = ""


@dataclass(frozen=True)
class Rule:
    """A network in force."""

    cidr: str
    note: str
    created_by: str
    created_at: datetime


class AccessService:
    """Zones and emergency openings. What is written acts within five seconds in every process."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        audit: AuditTrail,
        *,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self._clock = clock
        self._audit = audit
        self._tell = tell

    def zones(self) -> dict[Zone, tuple[Rule, ...]]:
        """Every zone with its networks, those without too."""
        found: dict[Zone, list[Rule]] = {zone: [] for zone in Zone}
        for row in self._session.scalars(select(ZoneRule).order_by(ZoneRule.zone, ZoneRule.cidr)):
            found[Zone(row.zone)].append(Rule(row.cidr, row.note, row.created_by, row.created_at))
        return {zone: tuple(rules) for zone, rules in found.items()}

    def open_until(self) -> dict[RouteGroup, datetime]:
        """The groups that are open to everybody just now, and until when."""
        query = select(ZoneOpening).where(ZoneOpening.ends_at > self._clock.now())
        rows = self._session.scalars(query.order_by(ZoneOpening.ends_at))
        return {RouteGroup(row.route_group): row.ends_at for row in rows}

    def replace(self, wanted: Mapping[Zone, Sequence[Network]], *, author_ip: str | None = None) -> None:
        """Make these the networks of these zones; other zones stay.

        Raises `AccessRefused`, also for rules that would keep `author_ip`, the address of who changes them, from the
        administration; None: the author sits at the machine and cannot lock herself out.
        """
        cleaned = {zone: _canonical(networks) for zone, networks in wanted.items()}
        if author_ip is not None and Zone.ADMINISTRATION in cleaned:
            _check_author(cleaned[Zone.ADMINISTRATION], author_ip)
        for zone, networks in cleaned.items():
            self._replace_one(zone, networks)
        self._session.flush()
        self._tell()

    def allow(self, zone: Zone, cidr: str, note: str = "") -> None:
        """Add a network. Raises `AccessRefused`."""
        self.replace({zone: (*self._networks(zone), Network(cidr, note))})

    def remove(self, zone: Zone, cidr: str) -> None:
        """Take a network away; with the last one the zone is open. Raises `AccessRefused` for one that is not there."""
        gone = next(iter(_canonical([Network(cidr)])))
        kept = [network for network in self._networks(zone) if network.cidr != gone]
        if len(kept) == len(self._networks(zone)):
            raise AccessRefused(
                _("${cidr} is not in this zone.", mapping={"cidr": cidr}), _("Look at the list of zones.")
            )
        self.replace({zone: kept})

    def open(self, groups: Iterable[RouteGroup], lasting: timedelta) -> datetime:
        """Let everybody in for a while, in an emergency; returns when it ends by itself. Raises `AccessRefused`."""
        if not timedelta() < lasting <= LONGEST_OPENING:
            raise AccessRefused(
                _("An opening lasts from 1 minute to 24 hours."),
                _("Choose another time, or change the zones."),
            )
        now = self._clock.now()
        ends_at = now + lasting
        for group in groups:
            opened_by = self._audit.actor.name[:64]
            self._session.add(
                ZoneOpening(route_group=group, opened_by=opened_by, opened_at=now, ends_at=ends_at)
            )
            after = {"open_until": ends_at.isoformat()}
            self._audit.record("access.open", "route_group", group, before={}, after=after)
        self._session.flush()
        self._tell()
        return ends_at

    def _networks(self, zone: Zone) -> tuple[Network, ...]:
        return tuple(Network(rule.cidr, rule.note) for rule in self.zones()[zone])

    def _replace_one(self, zone: Zone, networks: Mapping[str, str]) -> None:
        before = {network.cidr: network.note for network in self._networks(zone)}
        if before == networks:
            return
        changed = [cidr for cidr, note in before.items() if networks.get(cidr) != note]
        condition = (ZoneRule.zone == zone) & ZoneRule.cidr.in_(changed)
        self._session.execute(delete(ZoneRule).where(condition))
        author, now = self._audit.actor.name[:64], self._clock.now()
        self._session.add_all(
            ZoneRule(zone=zone, cidr=cidr, note=note, created_by=author, created_at=now)
            for cidr, note in networks.items()
            if before.get(cidr) != note
        )
        self._audit.record(
            "access.zone", "zone", zone, before={"networks": before}, after={"networks": dict(networks)}
        )


def _canonical(networks: Sequence[Network]) -> dict[str, str]:
    """Canonical network → note, in the order of the network."""
    if len(networks) > MOST_RULES:
        raise AccessRefused(
            _("A zone has at most ${most} networks.", mapping={"most": MOST_RULES}),
            _("Write neighbours as one larger network."),
        )
    found: dict[str, str] = {}
    for network in networks:
        try:
            found[str(network_of(network.cidr))] = " ".join(network.note.split())[:LONGEST_NOTE]
        except ValueError:
            raise AccessRefused(
                _("${cidr} is no network.", mapping={"cidr": network.cidr[:60]}),
                _("Write it like 10.0.0.0/8 or 2001:db8::/32."),
            ) from None
    return dict(sorted(found.items()))


def _check_author(networks: Mapping[str, str], author_ip: str) -> None:
    if networks and not is_inside(address_of(author_ip), map(network_of, networks)):
        raise AccessRefused(
            _(
                "These rules would lock you out: your own address is ${address}.",
                mapping={"address": author_ip},
            ),
            _("Add a network with your address to the zone of administration."),
        )


def factory(context: Any, request: Any) -> AccessService:
    book = request.registry.xinglin_rule_book

    def tell() -> None:
        request.add_finished_callback(lambda _request: book.forget())  # by then the change is committed

    return AccessService(request.db, request.clock, request.audit, tell=tell)
