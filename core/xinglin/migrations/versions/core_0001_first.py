"""The tables of the core."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "core_0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('xinglin.audit_archive', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "core_audience",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audience")),
    )
    op.create_table(
        "core_audit_record",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("actor_name", sa.String(length=64), nullable=False),
        sa.Column("session_id", sa.String(length=24), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_kind", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit_record")),
        sa.UniqueConstraint("event_id", name=op.f("uq_core_audit_record_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_core_audit_record_action"), "core_audit_record", ["action"], unique=False)
    op.create_index(
        "ix_core_audit_record_actor_at", "core_audit_record", ["actor_kind", "actor_id", "at"], unique=False
    )
    op.create_index(op.f("ix_core_audit_record_at"), "core_audit_record", ["at"], unique=False)
    op.create_index(
        "ix_core_audit_record_object", "core_audit_record", ["object_kind", "object_id"], unique=False
    )
    op.create_index(
        "ix_core_audit_record_transaction",
        "core_audit_record",
        ["transaction_id", "id"],
        unique=False,
        sqlite_where=sa.text("transaction_id > 0"),
    )
    op.create_table(
        "core_audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor_transaction", sa.BigInteger(), nullable=False),
        sa.Column("cursor_id", sa.BigInteger(), nullable=False),
        sa.Column("floor_id", sa.BigInteger(), nullable=False),
        sa.Column("tombstone", sa.Text(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_core_audit_seal")),
    )
    op.create_index(op.f("ix_core_audit_seal_last_id"), "core_audit_seal", ["last_id"], unique=False)
    op.create_table(
        "core_department",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("wecom_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=128), nullable=False),
        sa.Column("campus", sa.String(length=64), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["core_department.id"], name=op.f("fk_core_department_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_department")),
        sa.UniqueConstraint("code", name=op.f("uq_core_department_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_department_public_id")),
        sa.UniqueConstraint("wecom_id", name=op.f("uq_core_department_wecom_id")),
    )
    op.create_index(op.f("ix_core_department_parent_id"), "core_department", ["parent_id"], unique=False)
    op.create_index(op.f("ix_core_department_path"), "core_department", ["path"], unique=False)
    op.create_table(
        "core_backup_run",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("backup", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_well", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_backup_run")),
    )
    op.create_index(
        "ix_core_backup_run_kind_started_at", "core_backup_run", ["kind", "started_at"], unique=False
    )
    op.create_table(
        "core_import_run",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(length=128), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_import_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_import_run_public_id")),
    )
    op.create_table(
        "core_job_run",
        sa.Column("name", sa.String(length=96), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=512), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_job_run")),
    )
    op.create_table(
        "core_login_failure",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_login_failure")),
    )
    op.create_index("ix_core_login_failure_ip_at", "core_login_failure", ["ip", "at"], unique=False)
    op.create_index("ix_core_login_failure_login_at", "core_login_failure", ["login", "at"], unique=False)
    op.create_table(
        "core_message",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("dedupe_key", sa.String(length=128), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_core_message_dedupe_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_message_public_id")),
    )
    op.create_index(op.f("ix_core_message_kind"), "core_message", ["kind"], unique=False)
    op.create_index(op.f("ix_core_message_source_id"), "core_message", ["source_id"], unique=False)
    op.create_table(
        "core_oauth_state",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("next_path", sa.String(length=2048), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_core_oauth_state")),
    )
    op.create_index(op.f("ix_core_oauth_state_created_at"), "core_oauth_state", ["created_at"], unique=False)
    op.create_table(
        "core_outbox_event",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_outbox_event")),
    )
    op.create_index(op.f("ix_core_outbox_event_name"), "core_outbox_event", ["name"], unique=False)
    op.create_index(op.f("ix_core_outbox_event_retry_at"), "core_outbox_event", ["retry_at"], unique=False)
    op.create_table(
        "core_person",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("staff_no", sa.String(length=64), nullable=False),
        sa.Column("wecom_userid", sa.String(length=64), nullable=True),
        sa.Column("wecom_userid_key", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("pinyin", sa.String(length=255), nullable=False),
        sa.Column("initials", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("position", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("is_reachable", sa.Boolean(), nullable=False),
        sa.Column("unreachable_reason", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("has_large_text", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mobile", sa.LargeBinary(), nullable=True),
        sa.Column("mobile_index", sa.String(length=16), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_person")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_person_public_id")),
        sa.UniqueConstraint("staff_no", name=op.f("uq_core_person_staff_no")),
        sa.UniqueConstraint("wecom_userid_key", name=op.f("uq_core_person_wecom_userid_key")),
    )
    op.create_index(op.f("ix_core_person_mobile_index"), "core_person", ["mobile_index"], unique=False)
    op.create_index("ix_core_person_state_name", "core_person", ["state", "name"], unique=False)
    op.create_table(
        "core_administrator",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("role_mac", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_administrator_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_administrator")),
        sa.UniqueConstraint("login", name=op.f("uq_core_administrator_login")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_administrator_public_id")),
    )
    op.create_index(
        op.f("ix_core_administrator_person_id"), "core_administrator", ["person_id"], unique=False
    )
    op.create_table(
        "core_request_key",
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.String(length=2048), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_core_request_key")),
    )
    op.create_index(op.f("ix_core_request_key_done_at"), "core_request_key", ["done_at"], unique=False)
    op.create_table(
        "core_role",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_role")),
        sa.UniqueConstraint("key", name=op.f("uq_core_role_key")),
        sa.UniqueConstraint("name", name=op.f("uq_core_role_name")),
    )
    op.create_table(
        "core_stored_file",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("plugin", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=128), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("thumb_size", sa.Integer(), nullable=True),
        sa.Column("storage_key", sa.String(length=64), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("finding", sa.String(length=255), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scan_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_stored_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_stored_file_public_id")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_core_stored_file_storage_key")),
    )
    op.create_index(op.f("ix_core_stored_file_plugin"), "core_stored_file", ["plugin"], unique=False)
    op.create_index(
        "ix_core_stored_file_state_scan_at", "core_stored_file", ["state", "scan_at"], unique=False
    )
    op.create_table(
        "core_tag",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("wecom_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_tag")),
        sa.UniqueConstraint("name", name=op.f("uq_core_tag_name")),
        sa.UniqueConstraint("wecom_id", name=op.f("uq_core_tag_wecom_id")),
    )
    op.create_table(
        "core_wecom_callback",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("dedupe_key", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_wecom_callback")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_core_wecom_callback_dedupe_key")),
    )
    op.create_index(op.f("ix_core_wecom_callback_event"), "core_wecom_callback", ["event"], unique=False)
    op.create_index(
        "ix_core_wecom_callback_handled_at_retry_at",
        "core_wecom_callback",
        ["handled_at", "retry_at"],
        unique=False,
    )
    op.create_table(
        "core_wecom_pause",
        sa.Column("api", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("api", name=op.f("pk_core_wecom_pause")),
    )
    op.create_table(
        "core_wecom_token",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_holder", sa.String(length=32), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("doubted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("refused_reason", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_core_wecom_token")),
    )
    op.create_table(
        "core_zone_opening",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("route_group", sa.String(length=16), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_zone_opening")),
    )
    op.create_table(
        "core_zone_rule",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("zone", sa.String(length=16), nullable=False),
        sa.Column("cidr", sa.String(length=49), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_zone_rule")),
        sa.UniqueConstraint("zone", "cidr", name=op.f("uq_core_zone_rule_zone_cidr")),
    )
    op.create_table(
        "core_audience_term",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("audience_id", BIG, nullable=False),
        sa.Column("facet", sa.String(length=32), nullable=False),
        sa.Column("is_exclusion", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["core_audience.id"],
            name=op.f("fk_core_audience_term_audience_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audience_term")),
        sa.UniqueConstraint(
            "audience_id",
            "facet",
            "is_exclusion",
            name=op.f("uq_core_audience_term_audience_id_facet_is_exclusion"),
        ),
    )
    op.create_index(op.f("ix_core_audience_term_facet"), "core_audience_term", ["facet"], unique=False)
    op.create_table(
        "core_confirmation_code",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["core_person.id"],
            name=op.f("fk_core_confirmation_code_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_confirmation_code")),
    )
    op.create_index(
        op.f("ix_core_confirmation_code_person_id"), "core_confirmation_code", ["person_id"], unique=False
    )
    op.create_table(
        "core_event_told",
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("plugin", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["core_outbox_event.id"],
            name=op.f("fk_core_event_told_event_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "plugin", name=op.f("pk_core_event_told")),
    )
    op.create_index("ix_core_event_told_plugin", "core_event_told", ["plugin"], unique=False)
    op.create_table(
        "core_file_preview",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("file_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("pages", JSON, nullable=False),
        sa.Column("has_more", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["core_stored_file.id"],
            name=op.f("fk_core_file_preview_file_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_file_preview")),
        sa.UniqueConstraint("file_id", name=op.f("uq_core_file_preview_file_id")),
    )
    op.create_index(
        "ix_core_file_preview_state_due_at", "core_file_preview", ["state", "due_at"], unique=False
    )
    op.create_table(
        "core_file_upload",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("plugin", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=False),
        sa.Column("pieces", JSON, nullable=False),
        sa.Column("storage_key", sa.String(length=64), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["core_stored_file.id"], name=op.f("fk_core_file_upload_file_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_file_upload")),
        sa.UniqueConstraint("file_id", name=op.f("uq_core_file_upload_file_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_file_upload_public_id")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_core_file_upload_storage_key")),
    )
    op.create_index(op.f("ix_core_file_upload_touched_at"), "core_file_upload", ["touched_at"], unique=False)
    op.create_table(
        "core_grant",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("permission", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=64), nullable=True),
        sa.Column("can_pass_on", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by_administrator_id", BIG, nullable=True),
        sa.Column("granted_by_person_id", BIG, nullable=True),
        sa.Column("parent_grant_id", BIG, nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=128), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["granted_by_administrator_id"],
            ["core_administrator.id"],
            name=op.f("fk_core_grant_granted_by_administrator_id"),
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_person_id"], ["core_person.id"], name=op.f("fk_core_grant_granted_by_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["parent_grant_id"], ["core_grant.id"], name=op.f("fk_core_grant_parent_grant_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name=op.f("fk_core_grant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_grant")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_grant_public_id")),
    )
    op.create_index(
        op.f("ix_core_grant_granted_by_person_id"), "core_grant", ["granted_by_person_id"], unique=False
    )
    op.create_index(op.f("ix_core_grant_parent_grant_id"), "core_grant", ["parent_grant_id"], unique=False)
    op.create_index(op.f("ix_core_grant_permission"), "core_grant", ["permission"], unique=False)
    op.create_index(op.f("ix_core_grant_person_id"), "core_grant", ["person_id"], unique=False)
    op.create_table(
        "core_login_session",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("administrator_id", BIG, nullable=True),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=255), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["administrator_id"],
            ["core_administrator.id"],
            name=op.f("fk_core_login_session_administrator_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_login_session_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_login_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_core_login_session_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_core_login_session_token_hash")),
    )
    op.create_index(
        op.f("ix_core_login_session_administrator_id"),
        "core_login_session",
        ["administrator_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_core_login_session_person_id"), "core_login_session", ["person_id"], unique=False
    )
    op.create_table(
        "core_membership",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("department_id", BIG, nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("is_leader", sa.Boolean(), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name=op.f("fk_core_membership_department_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_membership_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "department_id", name=op.f("pk_core_membership")),
    )
    op.create_index(
        op.f("ix_core_membership_department_id"), "core_membership", ["department_id"], unique=False
    )
    op.create_table(
        "core_message_call",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uncertain_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wecom_msgid", sa.String(length=255), nullable=False),
        sa.Column("response_code", sa.String(length=255), nullable=False),
        sa.Column("card_text", sa.String(length=64), nullable=False),
        sa.Column("card_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["core_message.id"], name=op.f("fk_core_message_call_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_message_call")),
    )
    op.create_index(
        op.f("ix_core_message_call_card_due_at"), "core_message_call", ["card_due_at"], unique=False
    )
    op.create_index(
        op.f("ix_core_message_call_finished_at"), "core_message_call", ["finished_at"], unique=False
    )
    op.create_index(
        op.f("ix_core_message_call_message_id"), "core_message_call", ["message_id"], unique=False
    )
    op.create_index(
        "ix_core_message_call_state_retry_at", "core_message_call", ["state", "retry_at"], unique=False
    )
    op.create_table(
        "core_muted_kind",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_muted_kind_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_core_muted_kind")),
    )
    op.create_table(
        "core_person_facet",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("facet", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_person_facet_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "facet", name=op.f("pk_core_person_facet")),
    )
    op.create_index(
        "ix_core_person_facet_facet_person_id", "core_person_facet", ["facet", "person_id"], unique=False
    )
    op.create_table(
        "core_person_role",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("role_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_person_role_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["core_role.id"], name=op.f("fk_core_person_role_role_id")),
        sa.PrimaryKeyConstraint("person_id", "role_id", name=op.f("pk_core_person_role")),
    )
    op.create_index(op.f("ix_core_person_role_role_id"), "core_person_role", ["role_id"], unique=False)
    op.create_table(
        "core_person_tag",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("tag_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_person_tag_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["core_tag.id"], name=op.f("fk_core_person_tag_tag_id")),
        sa.PrimaryKeyConstraint("person_id", "tag_id", name=op.f("pk_core_person_tag")),
    )
    op.create_index(op.f("ix_core_person_tag_tag_id"), "core_person_tag", ["tag_id"], unique=False)
    op.create_table(
        "core_quiet_hours",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("ends_minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["core_person.id"], name=op.f("fk_core_quiet_hours_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_core_quiet_hours")),
    )
    op.create_table(
        "core_delivery",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("call_id", BIG, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["core_message_call.id"], name=op.f("fk_core_delivery_call_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["core_message.id"], name=op.f("fk_core_delivery_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["core_person.id"], name=op.f("fk_core_delivery_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_delivery")),
        sa.UniqueConstraint("message_id", "person_id", name=op.f("uq_core_delivery_message_id_person_id")),
    )
    op.create_index(op.f("ix_core_delivery_call_id"), "core_delivery", ["call_id"], unique=False)
    op.create_index(
        "ix_core_delivery_person_id_sent_at", "core_delivery", ["person_id", "sent_at"], unique=False
    )
    op.create_index("ix_core_delivery_state_due_at", "core_delivery", ["state", "due_at"], unique=False)
    op.create_table(
        "core_grant_department",
        sa.Column("grant_id", BIG, nullable=False),
        sa.Column("department_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"], ["core_department.id"], name=op.f("fk_core_grant_department_department_id")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["core_grant.id"],
            name=op.f("fk_core_grant_department_grant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("grant_id", "department_id", name=op.f("pk_core_grant_department")),
    )
    _refuse_changes_of_the_audit_trail()


def _refuse_changes_of_the_audit_trail() -> None:
    """Append only, but for archiving, which lifts this for its own transaction (`xinglin.audit.guard`)."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        op.execute(REFUSE_ON_POSTGRESQL)
    for table in ("core_audit_record", "core_audit_seal"):
        if is_sqlite:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse()"
            )


def downgrade() -> None:
    op.drop_table("core_grant_department")
    op.drop_index("ix_core_delivery_state_due_at", table_name="core_delivery")
    op.drop_index("ix_core_delivery_person_id_sent_at", table_name="core_delivery")
    op.drop_index(op.f("ix_core_delivery_call_id"), table_name="core_delivery")
    op.drop_table("core_delivery")
    op.drop_table("core_quiet_hours")
    op.drop_index(op.f("ix_core_person_tag_tag_id"), table_name="core_person_tag")
    op.drop_table("core_person_tag")
    op.drop_index(op.f("ix_core_person_role_role_id"), table_name="core_person_role")
    op.drop_table("core_person_role")
    op.drop_index("ix_core_person_facet_facet_person_id", table_name="core_person_facet")
    op.drop_table("core_person_facet")
    op.drop_table("core_muted_kind")
    op.drop_index("ix_core_message_call_state_retry_at", table_name="core_message_call")
    op.drop_index(op.f("ix_core_message_call_message_id"), table_name="core_message_call")
    op.drop_index(op.f("ix_core_message_call_finished_at"), table_name="core_message_call")
    op.drop_table("core_message_call")
    op.drop_index(op.f("ix_core_membership_department_id"), table_name="core_membership")
    op.drop_table("core_membership")
    op.drop_index(op.f("ix_core_login_session_person_id"), table_name="core_login_session")
    op.drop_index(op.f("ix_core_login_session_administrator_id"), table_name="core_login_session")
    op.drop_table("core_login_session")
    op.drop_index(op.f("ix_core_grant_person_id"), table_name="core_grant")
    op.drop_index(op.f("ix_core_grant_permission"), table_name="core_grant")
    op.drop_index(op.f("ix_core_grant_parent_grant_id"), table_name="core_grant")
    op.drop_index(op.f("ix_core_grant_granted_by_person_id"), table_name="core_grant")
    op.drop_table("core_grant")
    op.drop_index("ix_core_file_preview_state_due_at", table_name="core_file_preview")
    op.drop_table("core_file_preview")
    op.drop_index(op.f("ix_core_file_upload_touched_at"), table_name="core_file_upload")
    op.drop_table("core_file_upload")
    op.drop_index("ix_core_event_told_plugin", table_name="core_event_told")
    op.drop_table("core_event_told")
    op.drop_index(op.f("ix_core_confirmation_code_person_id"), table_name="core_confirmation_code")
    op.drop_table("core_confirmation_code")
    op.drop_index(op.f("ix_core_audience_term_facet"), table_name="core_audience_term")
    op.drop_table("core_audience_term")
    op.drop_table("core_zone_rule")
    op.drop_table("core_zone_opening")
    op.drop_table("core_wecom_token")
    op.drop_table("core_wecom_pause")
    op.drop_index("ix_core_wecom_callback_handled_at_retry_at", table_name="core_wecom_callback")
    op.drop_index(op.f("ix_core_wecom_callback_event"), table_name="core_wecom_callback")
    op.drop_table("core_wecom_callback")
    op.drop_table("core_tag")
    op.drop_index("ix_core_stored_file_state_scan_at", table_name="core_stored_file")
    op.drop_index(op.f("ix_core_stored_file_plugin"), table_name="core_stored_file")
    op.drop_table("core_stored_file")
    op.drop_table("core_role")
    op.drop_index(op.f("ix_core_request_key_done_at"), table_name="core_request_key")
    op.drop_table("core_request_key")
    op.drop_index(op.f("ix_core_administrator_person_id"), table_name="core_administrator")
    op.drop_table("core_administrator")
    op.drop_index("ix_core_person_state_name", table_name="core_person")
    op.drop_index(op.f("ix_core_person_mobile_index"), table_name="core_person")
    op.drop_table("core_person")
    op.drop_index(op.f("ix_core_outbox_event_retry_at"), table_name="core_outbox_event")
    op.drop_index(op.f("ix_core_outbox_event_name"), table_name="core_outbox_event")
    op.drop_table("core_outbox_event")
    op.drop_index(op.f("ix_core_oauth_state_created_at"), table_name="core_oauth_state")
    op.drop_table("core_oauth_state")
    op.drop_index(op.f("ix_core_message_source_id"), table_name="core_message")
    op.drop_index(op.f("ix_core_message_kind"), table_name="core_message")
    op.drop_table("core_message")
    op.drop_index("ix_core_login_failure_login_at", table_name="core_login_failure")
    op.drop_index("ix_core_login_failure_ip_at", table_name="core_login_failure")
    op.drop_table("core_login_failure")
    op.drop_table("core_job_run")
    op.drop_table("core_import_run")
    op.drop_index("ix_core_backup_run_kind_started_at", table_name="core_backup_run")
    op.drop_table("core_backup_run")
    op.drop_index(op.f("ix_core_department_path"), table_name="core_department")
    op.drop_index(op.f("ix_core_department_parent_id"), table_name="core_department")
    op.drop_table("core_department")
    op.drop_index(op.f("ix_core_audit_seal_last_id"), table_name="core_audit_seal")
    op.drop_table("core_audit_seal")
    op.drop_index(
        "ix_core_audit_record_transaction",
        table_name="core_audit_record",
        sqlite_where=sa.text("transaction_id > 0"),
    )
    op.drop_index("ix_core_audit_record_object", table_name="core_audit_record")
    op.drop_index(op.f("ix_core_audit_record_at"), table_name="core_audit_record")
    op.drop_index("ix_core_audit_record_actor_at", table_name="core_audit_record")
    op.drop_index(op.f("ix_core_audit_record_action"), table_name="core_audit_record")
    op.drop_table("core_audit_record")
    op.drop_table("core_audience")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION core_audit_refuse()")
