"""Tables of access: the networks of each zone, and openings in an emergency."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base, Identifier

LONGEST_CIDR = 49
LONGEST_NOTE = 120


class ZoneRule(Base):
    """A network that belongs to a zone, in its canonical form such as `10.0.0.0/8`."""

    __tablename__ = "core_zone_rule"
    __table_args__ = (UniqueConstraint("zone", "cidr"),)

    id: Mapped[Identifier]
    zone: Mapped[str] = mapped_column(String(16))
    cidr: Mapped[str] = mapped_column(String(LONGEST_CIDR))
    note: Mapped[str] = mapped_column(String(LONGEST_NOTE), default="")
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class ZoneOpening(Base):
    """Until `ends_at` every address may come to a group of routes: opened on the machine, in an emergency."""

    __tablename__ = "core_zone_opening"

    id: Mapped[Identifier]
    route_group: Mapped[str] = mapped_column(String(16))
    opened_by: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
