"""The number series of a hospital: what the office issues from the first day; IT may add others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "documents_0002"
down_revision = "documents_0001"
branch_labels = None
depends_on = None

SERIES = (
    ("yuanfa", "院发", "院发〔{year}〕{number}号"),
    ("yuandangfa", "院党发", "院党发〔{year}〕{number}号"),
    ("yuanban", "院办", "院办〔{year}〕{number}号"),
    ("yiwu", "医务", "医务〔{year}〕{number}号"),
    ("hu", "护理", "护〔{year}〕{number}号"),
    ("renzi", "人事", "人字〔{year}〕{number}号"),
    ("kejiao", "科教", "科教〔{year}〕{number}号"),
    ("jiyao", "院长办公会纪要", "院长办公会纪要〔{year}〕{number}号"),
    ("han", "院函", "院函〔{year}〕{number}号"),
    ("shouwen", "收文", "收文〔{year}〕{number}号"),
)


def upgrade() -> None:
    series = sa.table(
        "documents_series",
        sa.column("key", sa.String),
        sa.column("title", sa.String),
        sa.column("pattern", sa.String),
        sa.column("sort_order", sa.Integer),
        sa.column("is_active", sa.Boolean),
    )
    rows = [
        {"key": key, "title": title, "pattern": pattern, "sort_order": place * 10, "is_active": True}
        for place, (key, title, pattern) in enumerate(SERIES, 1)
    ]
    op.bulk_insert(series, rows)


def downgrade() -> None:
    op.execute("DELETE FROM documents_series")
