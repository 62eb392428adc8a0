"""The board: the imported baseline, and months that are over as they were counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.api.db import Base, Identifier


class Baseline(Base):
    """Figures of a month (`2025-11`), a type and a department (None: all), as imported from a table.

    Durations are minutes; the share of documents read is parts per thousand.
    """

    __tablename__ = "documents_baseline"
    __table_args__ = (UniqueConstraint("month", "process_key", "department_id"),)

    id: Mapped[Identifier]
    month: Mapped[str] = mapped_column(String(7))
    process_key: Mapped[str] = mapped_column(String(64), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"))
    documents: Mapped[int | None]
    read_share: Mapped[int | None]
    median_minutes: Mapped[int | None]
    p90_minutes: Mapped[int | None]
    median_working_minutes: Mapped[int | None]
    p90_working_minutes: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(128), default="")
    imported_at: Mapped[datetime]


class SettledMonth(Base):
    """A month that is over, of a type and a department (None: none): what the board need not count again.

    `figures` are those of `service.board.cells.Cell`: counts and minutes, nothing of persons.
    """

    __tablename__ = "documents_settled_month"
    __table_args__ = (UniqueConstraint("month", "process_key", "department_id"),)

    id: Mapped[Identifier]
    month: Mapped[str] = mapped_column(String(7))
    process_key: Mapped[str] = mapped_column(String(64), default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("core_department.id"))
    figures: Mapped[dict[str, Any]]
    settled_at: Mapped[datetime]
