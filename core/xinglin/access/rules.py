"""The rules in force, kept in the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, exc, select

from xinglin.access.addresses import Address, Network, is_inside, network_of
from xinglin.access.groups import ZONE_OF, RouteGroup, Zone
from xinglin.access.models import ZoneOpening, ZoneRule
from xinglin.kernel.db import Database
from xinglin.types import Clock

logger = logging.getLogger(__name__)
FRESH_FOR = timedelta(seconds=5)
# Tables, not classes: statements on classes would configure all mappers at import
_rule, _opening = ZoneRule.__table__, ZoneOpening.__table__
RULES = select(_rule.c.zone, _rule.c.cidr)


@dataclass(frozen=True)
class Rules:
    """The networks of each zone, and until when a group is open to everybody."""

    networks: Mapping[Zone, tuple[Network, ...]] = field(default_factory=dict)
    open_until: Mapping[RouteGroup, datetime] = field(default_factory=dict)

    def lets_in(self, group: RouteGroup, address: Address | None, now: datetime) -> bool:
        """Whether this address may call routes of this group; a zone without networks is open.

        The machine itself always reaches its own health page: the supervisor and `doctor` ask there.
        """
        networks = self.networks.get(ZONE_OF[group], ())
        if not networks or is_inside(address, networks):
            return True
        if group is RouteGroup.HEALTH and address is not None and address.is_loopback:
            return True
        until = self.open_until.get(group)
        return until is not None and now < until


def read_rules(connection: Connection, now: datetime) -> Rules:
    """What the database says at `now`."""
    networks: dict[Zone, list[Network]] = {}
    for row in connection.execute(RULES):
        networks.setdefault(Zone(row.zone), []).append(network_of(row.cidr))
    openings = select(_opening.c.route_group, _opening.c.ends_at).where(_opening.c.ends_at > now)
    until: dict[RouteGroup, datetime] = {}
    for row in connection.execute(openings):
        group = RouteGroup(row.route_group)
        until[group] = max(row.ends_at, until.get(group, row.ends_at))
    return Rules({zone: tuple(found) for zone, found in networks.items()}, until)


class RuleBook:
    """Rules read again when they are older than five seconds: a change acts in every process within that time."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Rules | None = None
        self._read_at: datetime | None = None

    def now(self) -> Rules:
        """The rules in force; while the database is away the last ones known.

        Raises the database's error when none were ever read: nobody is let in unseen.
        """
        now = self._clock.now()
        with self._lock:
            if self._known is None or not self._is_fresh(now):
                self._known = self._read(now)
            return self._known

    def forget(self) -> None:
        """Read again at the next request."""
        with self._lock:
            self._read_at = None

    def _is_fresh(self, now: datetime) -> bool:
        return self._read_at is not None and timedelta() <= now - self._read_at < FRESH_FOR

    def _read(self, now: datetime) -> Rules:
        try:
            with self._database.reader.connect() as connection:
                found = read_rules(connection, now)
        except exc.SQLAlchemyError:
            if self._known is None:
                raise
            logger.warning("the zones of addresses cannot be read; those of %s stay in force", self._read_at)
            return self._known
        self._read_at = now
        return found
