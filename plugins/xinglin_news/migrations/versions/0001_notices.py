"""Columns, notices, pictures, attachments, read receipts, reminders; and the columns a hospital begins with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "news_0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
COLUMNS = (
    # key, title, English title, reach, must it be read, order
    ("notices", "通知公告", "Notices", "hospital", False, 10),
    ("must-read", "必读通知", "Must-read notices", "hospital", True, 20),
    ("hospital-news", "院内新闻", "Hospital news", "hospital", False, 30),
    ("departments", "科室动态", "From the departments", "own_departments", False, 40),
)


def upgrade() -> None:
    column = op.create_table(
        "news_column",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("title", sa.String(32), nullable=False),
        sa.Column("title_en", sa.String(64), nullable=False),
        sa.Column("reach", sa.String(16), nullable=False),
        sa.Column("is_must_read", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.UniqueConstraint("key", name="uq_news_column_key"),
    )
    op.bulk_insert(
        column,
        [
            {
                "key": key,
                "title": title,
                "title_en": title_en,
                "reach": reach,
                "is_must_read": is_must_read,
                "is_active": True,
                "sort_order": sort_order,
            }
            for key, title, title_en, reach, is_must_read, sort_order in COLUMNS
        ],
    )
    _create_notice()
    _create_parts()


def _create_notice() -> None:
    op.create_table(
        "news_notice",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("public_id", sa.String(24), nullable=False),
        sa.Column("column_id", KEY, sa.ForeignKey("news_column.id"), nullable=False),
        sa.Column("department_id", KEY, sa.ForeignKey("core_department.id"), nullable=False),
        sa.Column("author_id", KEY, sa.ForeignKey("core_person.id"), nullable=False),
        sa.Column("audience_id", KEY, sa.ForeignKey("core_audience.id"), nullable=True),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("returned", sa.String(16), nullable=True),
        sa.Column("undeliverable_count", sa.Integer(), nullable=False),
        sa.Column("publish_at", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("public_id", name="uq_news_notice_public_id"),
    )
    for name in ("column_id", "department_id", "author_id", "audience_id"):
        op.create_index(f"ix_news_notice_{name}", "news_notice", [name])
    op.create_index("ix_news_notice_state_published_at", "news_notice", ["state", "published_at"])
    op.create_index("ix_news_notice_state_publish_at", "news_notice", ["state", "publish_at"])


def _of(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")


def _create_parts() -> None:
    op.create_table(
        "news_picture",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("notice_id", KEY, _of("news_notice"), nullable=False),
        sa.Column("file_id", KEY, sa.ForeignKey("core_stored_file.id"), nullable=False),
        sa.UniqueConstraint("file_id", name="uq_news_picture_file_id"),
    )
    op.create_index("ix_news_picture_notice_id", "news_picture", ["notice_id"])
    op.create_table(
        "news_attachment",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("notice_id", KEY, _of("news_notice"), nullable=False),
        sa.Column("file_id", KEY, sa.ForeignKey("core_stored_file.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.UniqueConstraint("file_id", name="uq_news_attachment_file_id"),
    )
    op.create_index("ix_news_attachment_notice_id", "news_attachment", ["notice_id"])
    op.create_table(
        "news_read",
        sa.Column("person_id", KEY, _of("core_person"), primary_key=True),
        sa.Column("notice_id", KEY, _of("news_notice"), primary_key=True),
        sa.Column("read_at", MOMENT, nullable=False),
    )
    op.create_index("ix_news_read_notice_id", "news_read", ["notice_id"])
    op.create_table(
        "news_reminder",
        sa.Column("notice_id", KEY, _of("news_notice"), primary_key=True),
        sa.Column("person_id", KEY, sa.ForeignKey("core_person.id"), nullable=False),
        sa.Column("reminded_at", MOMENT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    for table in (
        "news_reminder",
        "news_read",
        "news_attachment",
        "news_picture",
        "news_notice",
        "news_column",
    ):
        op.drop_table(table)
