"""The inbox, the engine, official documents, the OA behind, the board."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "documents_0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "documents_outside_source",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("known_at", MOMENT, nullable=True),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.Column("failure", sa.String(length=255), nullable=False),
        sa.Column("open_until", MOMENT, nullable=True),
        sa.Column("marks", JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_documents_outside_source"),
    )
    op.create_table(
        "documents_process",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("title_en", sa.String(length=128), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("icon", sa.String(length=32), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents_process"),
        sa.UniqueConstraint("key", name="uq_documents_process_key"),
    )
    op.create_table(
        "documents_working_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_documents_working_day"),
    )
    op.create_table(
        "documents_baseline",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("process_key", sa.String(length=64), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("documents", sa.Integer(), nullable=True),
        sa.Column("read_share", sa.Integer(), nullable=True),
        sa.Column("median_minutes", sa.Integer(), nullable=True),
        sa.Column("p90_minutes", sa.Integer(), nullable=True),
        sa.Column("median_working_minutes", sa.Integer(), nullable=True),
        sa.Column("p90_working_minutes", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name="fk_documents_baseline_department_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_baseline"),
        sa.UniqueConstraint(
            "month",
            "process_key",
            "department_id",
            name="uq_documents_baseline_month_process_key_department_id",
        ),
    )
    op.create_table(
        "documents_definition",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("process_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("written_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["process_id"], ["documents_process.id"], name="fk_documents_definition_process_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_definition"),
        sa.UniqueConstraint("process_id", "version", name="uq_documents_definition_process_id_version"),
    )
    op.create_table(
        "documents_deputy",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("principal_id", KEY, nullable=False),
        sa.Column("deputy_id", KEY, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("processes", JSON, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("end_told_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["deputy_id"], ["core_person.id"], name="fk_documents_deputy_deputy_id"),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["core_person.id"], name="fk_documents_deputy_principal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_deputy"),
        sa.UniqueConstraint("public_id", name="uq_documents_deputy_public_id"),
    )
    op.create_index(
        "ix_documents_deputy_deputy_id_ends_at", "documents_deputy", ["deputy_id", "ends_at"], unique=False
    )
    op.create_index("ix_documents_deputy_principal_id", "documents_deputy", ["principal_id"], unique=False)
    op.create_table(
        "documents_item",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("process_key", sa.String(length=64), nullable=False),
        sa.Column("process_title", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("starter_id", KEY, nullable=True),
        sa.Column("starter_name", sa.String(length=64), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("audience_id", KEY, nullable=True),
        sa.Column("secrecy", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("working_minutes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["audience_id"], ["core_audience.id"], name="fk_documents_item_audience_id"),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name="fk_documents_item_department_id"
        ),
        sa.ForeignKeyConstraint(["starter_id"], ["core_person.id"], name="fk_documents_item_starter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_item"),
        sa.UniqueConstraint("public_id", name="uq_documents_item_public_id"),
        sa.UniqueConstraint("source", "external_id", name="uq_documents_item_source_external_id"),
    )
    op.create_index("ix_documents_item_audience_id", "documents_item", ["audience_id"], unique=False)
    op.create_index("ix_documents_item_department_id", "documents_item", ["department_id"], unique=False)
    op.create_index("ix_documents_item_ended_at", "documents_item", ["ended_at"], unique=False)
    op.create_index(
        "ix_documents_item_process_key_started_at",
        "documents_item",
        ["process_key", "started_at"],
        unique=False,
    )
    op.create_index("ix_documents_item_starter_id", "documents_item", ["starter_id"], unique=False)
    op.create_index(
        "ix_documents_item_status_started_at", "documents_item", ["status", "started_at"], unique=False
    )
    op.create_table(
        "documents_outside_act",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("visit", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(length=255), nullable=False),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_documents_outside_act_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_outside_act"),
        sa.UniqueConstraint("public_id", name="uq_documents_outside_act_public_id"),
        sa.UniqueConstraint(
            "source", "external_id", "person_id", "node", "visit", name="uq_documents_outside_act_visit"
        ),
    )
    op.create_index(
        "ix_documents_outside_act_person_id", "documents_outside_act", ["person_id"], unique=False
    )
    op.create_table(
        "documents_outside_file",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["core_stored_file.id"], name="fk_documents_outside_file_file_id"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name="fk_documents_outside_file_person_id"
        ),
        sa.PrimaryKeyConstraint("source", "external_id", "person_id", name="pk_documents_outside_file"),
    )
    op.create_index(
        "ix_documents_outside_file_fetched_at", "documents_outside_file", ["fetched_at"], unique=False
    )
    op.create_index("ix_documents_outside_file_file_id", "documents_outside_file", ["file_id"], unique=False)
    op.create_table(
        "documents_outside_mark",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name="fk_documents_outside_mark_person_id"
        ),
        sa.PrimaryKeyConstraint("source", "external_id", "person_id", name="pk_documents_outside_mark"),
    )
    op.create_table(
        "documents_outside_user",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("oa_user_id", sa.String(length=64), nullable=True),
        sa.Column("staff_no", sa.String(length=64), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("known_at", MOMENT, nullable=True),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name="fk_documents_outside_user_person_id"
        ),
        sa.PrimaryKeyConstraint("source", "person_id", name="pk_documents_outside_user"),
        sa.UniqueConstraint("source", "oa_user_id", name="uq_documents_outside_user_source_oa_user_id"),
    )
    op.create_index(
        "ix_documents_outside_user_known_at", "documents_outside_user", ["known_at"], unique=False
    )
    op.create_table(
        "documents_phrase",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_documents_phrase_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_phrase"),
    )
    op.create_index("ix_documents_phrase_person_id", "documents_phrase", ["person_id"], unique=False)
    op.create_table(
        "documents_series",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.String(length=64), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name="fk_documents_series_department_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_series"),
        sa.UniqueConstraint("key", name="uq_documents_series_key"),
    )
    op.create_table(
        "documents_settled_month",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("process_key", sa.String(length=64), nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name="fk_documents_settled_month_department_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_settled_month"),
        sa.UniqueConstraint(
            "month",
            "process_key",
            "department_id",
            name="uq_documents_settled_month_month_process_key_department_id",
        ),
    )
    op.create_table(
        "documents_archive",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("archived_at", MOMENT, nullable=False),
        sa.Column("archived_by_id", KEY, nullable=True),
        sa.Column("retain_until", MOMENT, nullable=True),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("held_reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["archived_by_id"], ["core_person.id"], name="fk_documents_archive_archived_by_id"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["core_stored_file.id"], name="fk_documents_archive_file_id"),
        sa.ForeignKeyConstraint(["item_id"], ["documents_item.id"], name="fk_documents_archive_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_archive"),
        sa.UniqueConstraint("file_id", name="uq_documents_archive_file_id"),
        sa.UniqueConstraint("item_id", name="uq_documents_archive_item_id"),
    )
    op.create_table(
        "documents_distribution",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("is_heads", sa.Boolean(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("sent_by_id", KEY, nullable=False),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("received_by_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name="fk_documents_distribution_department_id"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["documents_item.id"], name="fk_documents_distribution_item_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name="fk_documents_distribution_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["received_by_id"], ["core_person.id"], name="fk_documents_distribution_received_by_id"
        ),
        sa.ForeignKeyConstraint(
            ["sent_by_id"], ["core_person.id"], name="fk_documents_distribution_sent_by_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_distribution"),
        sa.UniqueConstraint(
            "item_id", "department_id", name="uq_documents_distribution_item_id_department_id"
        ),
        sa.UniqueConstraint("item_id", "person_id", name="uq_documents_distribution_item_id_person_id"),
        sa.UniqueConstraint("public_id", name="uq_documents_distribution_public_id"),
    )
    op.create_table(
        "documents_entry",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("sender_name", sa.String(length=64), nullable=False),
        sa.Column("is_batchable", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("acted_by_id", KEY, nullable=True),
        sa.Column("working_minutes", sa.Integer(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["acted_by_id"], ["core_person.id"], name="fk_documents_entry_acted_by_id"),
        sa.ForeignKeyConstraint(
            ["item_id"], ["documents_item.id"], name="fk_documents_entry_item_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_documents_entry_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_entry"),
        sa.UniqueConstraint(
            "item_id", "person_id", "box", "task", name="uq_documents_entry_item_id_person_id_box_task"
        ),
    )
    op.create_index("ix_documents_entry_arrived_at", "documents_entry", ["arrived_at"], unique=False)
    op.create_index(
        "ix_documents_entry_person_box",
        "documents_entry",
        ["person_id", "box", "state", "is_latest", "rank", "arrived_at"],
        unique=False,
    )
    op.create_index("ix_documents_entry_state_due_at", "documents_entry", ["state", "due_at"], unique=False)
    op.create_table(
        "documents_former_head",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["core_stored_file.id"], name="fk_documents_former_head_file_id"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["documents_item.id"], name="fk_documents_former_head_item_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_former_head"),
    )
    op.create_index("ix_documents_former_head_item_id", "documents_former_head", ["item_id"], unique=False)
    op.create_table(
        "documents_instance",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("definition_id", KEY, nullable=False),
        sa.Column("parent_id", KEY, nullable=True),
        sa.Column("parent_node", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", JSON, nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["documents_definition.id"], name="fk_documents_instance_definition_id"
        ),
        sa.ForeignKeyConstraint(
            ["id"], ["documents_item.id"], name="fk_documents_instance_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["documents_instance.id"], name="fk_documents_instance_parent_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_instance"),
        sa.UniqueConstraint("public_id", name="uq_documents_instance_public_id"),
    )
    op.create_index(
        "ix_documents_instance_definition_id", "documents_instance", ["definition_id"], unique=False
    )
    op.create_index("ix_documents_instance_parent_id", "documents_instance", ["parent_id"], unique=False)
    op.create_table(
        "documents_number",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("series_id", KEY, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=64), nullable=False),
        sa.Column("folded", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("item_id", KEY, nullable=True),
        sa.Column("issued_by_id", KEY, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("voided_at", MOMENT, nullable=True),
        sa.Column("voided_by_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["core_person.id"], name="fk_documents_number_issued_by_id"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["documents_item.id"], name="fk_documents_number_item_id"),
        sa.ForeignKeyConstraint(["series_id"], ["documents_series.id"], name="fk_documents_number_series_id"),
        sa.ForeignKeyConstraint(
            ["voided_by_id"], ["core_person.id"], name="fk_documents_number_voided_by_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_number"),
        sa.UniqueConstraint("public_id", name="uq_documents_number_public_id"),
        sa.UniqueConstraint("series_id", "year", "number", name="uq_documents_number_series_id_year_number"),
    )
    op.create_index("ix_documents_number_folded", "documents_number", ["folded"], unique=False)
    op.create_index("ix_documents_number_item_id", "documents_number", ["item_id"], unique=False)
    op.create_table(
        "documents_official",
        sa.Column("id", KEY, nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("series_id", KEY, nullable=True),
        sa.Column("origin", sa.String(length=128), nullable=False),
        sa.Column("origin_number", sa.String(length=64), nullable=False),
        sa.Column("origin_folded", sa.String(length=64), nullable=False),
        sa.Column("recipients", sa.String(length=200), nullable=False),
        sa.Column("copies_to", sa.String(length=200), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("signatory", sa.String(length=64), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=True),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("head_asked_by", sa.String(length=64), nullable=False),
        sa.Column("head_due_at", MOMENT, nullable=True),
        sa.Column("head_attempts", sa.Integer(), nullable=False),
        sa.Column("head_problem", sa.String(length=200), nullable=False),
        sa.Column("head_digest", sa.String(length=64), nullable=False),
        sa.Column("final_file_id", KEY, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("locked_at", MOMENT, nullable=True),
        sa.Column("distributed_at", MOMENT, nullable=True),
        sa.Column("chased_on", sa.String(length=10), nullable=False),
        sa.Column("archive_asked_at", MOMENT, nullable=True),
        sa.Column("archived_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["final_file_id"], ["core_stored_file.id"], name="fk_documents_official_final_file_id"
        ),
        sa.ForeignKeyConstraint(
            ["id"], ["documents_item.id"], name="fk_documents_official_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["documents_series.id"], name="fk_documents_official_series_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_official"),
    )
    op.create_index(
        "ix_documents_official_archive_asked_at", "documents_official", ["archive_asked_at"], unique=False
    )
    op.create_index(
        "ix_documents_official_direction_registered_at",
        "documents_official",
        ["direction", "registered_at"],
        unique=False,
    )
    op.create_index("ix_documents_official_head_due_at", "documents_official", ["head_due_at"], unique=False)
    op.create_index(
        "ix_documents_official_origin_folded", "documents_official", ["origin_folded"], unique=False
    )
    op.create_table(
        "documents_supervision",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=True),
        sa.Column("set_by_id", KEY, nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reported_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("closed_by_id", KEY, nullable=True),
        sa.Column("duty", sa.LargeBinary(), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["core_person.id"], name="fk_documents_supervision_closed_by_id"
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name="fk_documents_supervision_department_id"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["documents_item.id"], name="fk_documents_supervision_item_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["core_person.id"], name="fk_documents_supervision_owner_id"),
        sa.ForeignKeyConstraint(["set_by_id"], ["core_person.id"], name="fk_documents_supervision_set_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_supervision"),
        sa.UniqueConstraint("public_id", name="uq_documents_supervision_public_id"),
    )
    op.create_index("ix_documents_supervision_item_id", "documents_supervision", ["item_id"], unique=False)
    op.create_index("ix_documents_supervision_owner_id", "documents_supervision", ["owner_id"], unique=False)
    op.create_index(
        "ix_documents_supervision_state_due_at", "documents_supervision", ["state", "due_at"], unique=False
    )
    op.create_table(
        "documents_draft",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("process_id", KEY, nullable=True),
        sa.Column("entry_id", KEY, nullable=True),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["documents_entry.id"], name="fk_documents_draft_entry_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_documents_draft_person_id"),
        sa.ForeignKeyConstraint(
            ["process_id"], ["documents_process.id"], name="fk_documents_draft_process_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_draft"),
        sa.UniqueConstraint("person_id", "entry_id", name="uq_documents_draft_person_id_entry_id"),
        sa.UniqueConstraint("person_id", "process_id", name="uq_documents_draft_person_id_process_id"),
        sa.UniqueConstraint("public_id", name="uq_documents_draft_public_id"),
    )
    op.create_table(
        "documents_event",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("instance_id", KEY, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("for_id", KEY, nullable=True),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("opinion", sa.LargeBinary(), nullable=True),
        sa.Column("changes", sa.LargeBinary(), nullable=True),
        sa.Column("effects", JSON, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["core_person.id"], name="fk_documents_event_actor_id"),
        sa.ForeignKeyConstraint(["for_id"], ["core_person.id"], name="fk_documents_event_for_id"),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["documents_instance.id"],
            name="fk_documents_event_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_event"),
        sa.UniqueConstraint("instance_id", "sequence", name="uq_documents_event_instance_id_sequence"),
        sa.UniqueConstraint("public_id", name="uq_documents_event_public_id"),
    )
    op.create_index("ix_documents_event_actor_id", "documents_event", ["actor_id"], unique=False)
    op.create_index("ix_documents_event_at", "documents_event", ["at"], unique=False)
    op.create_table(
        "documents_file",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("instance_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("added_by_id", KEY, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["added_by_id"], ["core_person.id"], name="fk_documents_file_added_by_id"),
        sa.ForeignKeyConstraint(["file_id"], ["core_stored_file.id"], name="fk_documents_file_file_id"),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["documents_instance.id"],
            name="fk_documents_file_instance_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_documents_file"),
        sa.UniqueConstraint("file_id", name="uq_documents_file_file_id"),
    )
    op.create_index("ix_documents_file_instance_id", "documents_file", ["instance_id"], unique=False)
    op.create_table(
        "documents_receipt",
        sa.Column("distribution_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("signed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["distribution_id"],
            ["documents_distribution.id"],
            name="fk_documents_receipt_distribution_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name="fk_documents_receipt_person_id"),
        sa.PrimaryKeyConstraint("distribution_id", "person_id", name="pk_documents_receipt"),
    )
    op.create_table(
        "documents_draft_file",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("draft_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["documents_draft.id"], name="fk_documents_draft_file_draft_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["core_stored_file.id"], name="fk_documents_draft_file_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_draft_file"),
        sa.UniqueConstraint("file_id", name="uq_documents_draft_file_file_id"),
    )
    op.create_index("ix_documents_draft_file_draft_id", "documents_draft_file", ["draft_id"], unique=False)
    op.create_table(
        "documents_signature",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("mac", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["documents_event.id"], name="fk_documents_signature_event_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["file_id"], ["core_stored_file.id"], name="fk_documents_signature_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents_signature"),
        sa.UniqueConstraint("event_id", name="uq_documents_signature_event_id"),
        sa.UniqueConstraint("file_id", name="uq_documents_signature_file_id"),
    )


def downgrade() -> None:
    for table in [
        "documents_signature",
        "documents_draft_file",
        "documents_receipt",
        "documents_file",
        "documents_event",
        "documents_draft",
        "documents_supervision",
        "documents_official",
        "documents_number",
        "documents_instance",
        "documents_former_head",
        "documents_entry",
        "documents_distribution",
        "documents_archive",
        "documents_settled_month",
        "documents_series",
        "documents_phrase",
        "documents_outside_user",
        "documents_outside_mark",
        "documents_outside_file",
        "documents_outside_act",
        "documents_item",
        "documents_deputy",
        "documents_definition",
        "documents_baseline",
        "documents_working_day",
        "documents_process",
        "documents_outside_source",
    ]:
        op.drop_table(table)
