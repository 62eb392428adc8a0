"""Work by the clock for the database itself."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from xinglin.types import Job, JobContext

ANALYSED_ROWS = 1_000


def refresh_statistics(context: JobContext) -> None:
    """Let SQLite's planner know what the tables hold now, by a sample; PostgreSQL sees to it by itself."""
    if context.session.get_bind().dialect.name == "sqlite":
        context.session.execute(text(f"PRAGMA analysis_limit={ANALYSED_ROWS}"))
        context.session.execute(text("ANALYZE"))


JOBS = [Job("database_statistics", refresh_statistics, timedelta(hours=1))]
