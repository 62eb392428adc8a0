"""When each job of the clock runs next, and who holds it now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base


class JobRun(Base):
    """One row per job; the worker that moves `due_at` on has the turn."""

    __tablename__ = "core_job_run"

    name: Mapped[str] = mapped_column(String(96), primary_key=True)
    due_at: Mapped[datetime]
    last_finished_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(512), default="")
