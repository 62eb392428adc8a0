"""The wall. A migration never imports models: they will have moved on when it runs."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "example_0001", None, None, None
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "example_thanks",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("public_id", sa.String(24), nullable=False, unique=True),
        sa.Column("sender_id", KEY, sa.ForeignKey("core_person.id"), nullable=True),
        sa.Column("receiver_id", KEY, sa.ForeignKey("core_person.id"), nullable=False, index=True),
        sa.Column("text", sa.String(140), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("example_thanks")
