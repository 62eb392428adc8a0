"""The values of the contract about addresses and the accounts of administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xinglin_admin.api.models import Body, Role, moment


@dataclass(frozen=True)
class ZoneRule:
    """A network of a zone; ``zone`` as in the contract."""

    zone: str
    cidr: str
    note: str
    created_by: str
    created_at: dt.datetime


@dataclass(frozen=True)
class Zones:
    """``names``: every zone, those without networks too; ``openings``: groups of pages open to everybody just now."""

    names: tuple[str, ...]
    rules: tuple[ZoneRule, ...]
    openings: tuple[str, ...]
    your_address: str


@dataclass(frozen=True)
class Account:
    """An account of an administrator; ``is_intact`` is False when the database was changed behind the portal."""

    id: str
    login: str
    name: str
    role: Role
    staff_no: str | None
    is_active: bool
    is_intact: bool
    last_used_at: dt.datetime | None


def read_zones(body: Body) -> Zones:
    rules = [_rule(zone["zone"], rule) for zone in body["zones"] for rule in zone["rules"]]
    return Zones(
        tuple(zone["zone"] for zone in body["zones"]),
        tuple(rules),
        tuple(opening["route_group"] for opening in body["openings"]),
        body["your_address"],
    )


def write_zone(zone: str, networks: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """``networks``: pairs of network and note, which replace those of the zone."""
    return {"zones": [{"zone": zone, "rules": [{"cidr": cidr, "note": note} for cidr, note in networks]}]}


def read_accounts(body: Body) -> tuple[Account, ...]:
    return tuple(_account(item) for item in body["administrators"])


def _rule(zone: str, item: Body) -> ZoneRule:
    return ZoneRule(zone, item["cidr"], item["note"], item["created_by"], moment(item["created_at"]))


def _account(item: Body) -> Account:
    return Account(
        id=item["id"],
        login=item["login"],
        name=item["name"],
        role=Role(item["role"]),
        staff_no=item["staff_no"],
        is_active=item["is_active"],
        is_intact=item["is_intact"],
        last_used_at=moment(item["last_used_at"]) if item["last_used_at"] else None,
    )
