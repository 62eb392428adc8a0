"""The common phrases that everybody is offered; IT may change them afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "documents_0003"
down_revision = "documents_0002"
branch_labels = None
depends_on = None

PHRASES = (
    "同意。",
    "已阅。",
    "请按规定办理。",
    "同意，请尽快办理。",
    "拟同意，请领导审批。",
    "请相关科室会签。",
    "请补充材料后重新提交。",
    "不同意。",
)
PHRASE = sa.table(
    "documents_phrase",
    sa.column("person_id", sa.BigInteger()),
    sa.column("text", sa.String(200)),
    sa.column("position", sa.Integer()),
)


def upgrade() -> None:
    rows = [
        {"person_id": None, "text": text, "position": place} for place, text in enumerate(PHRASES, start=1)
    ]
    op.bulk_insert(PHRASE, rows)


def downgrade() -> None:
    op.execute(PHRASE.delete().where(PHRASE.c.person_id.is_(None)))
