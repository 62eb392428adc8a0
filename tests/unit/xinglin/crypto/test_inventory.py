"""What is encrypted is what the models declare: nothing sealed is left out, and no private thing lies plain."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from xinglin.api.crypto import EncryptedText, sealed_by_hand
from xinglin.crypto.columns import SEALED
from xinglin.crypto.inventory import sealed_columns
from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.orm import new_public_id

PRIVATE = re.compile(
    r"mobile|phone|e?mail|address_home|id_card|identity|birth|salary|bank|secret|totp|password|token|body_sealed"
)
PLAIN_ON_PURPOSE = {
    "core_administrator.password_hash": "argon2id",
    "core_administrator.totp_last_step": "a number of half minutes",
    "core_login_session.token_hash": "a hash",
    "core_person.mobile_index": "a keyed digest",
}
NO_CIPHERTEXT = {"core_audit_seal.members": "hashes of audit records"}


def columns() -> list[Column[object]]:
    tables.import_all_models()
    return [
        column
        for table in tables.METADATA.tables.values()
        for column in table.columns
        if not table.name.startswith("vendor")
    ]


def name_of(column: Column[object]) -> str:
    return f"{column.table.name}.{column.name}"


def test_every_binary_column_says_what_it_is() -> None:
    """A key must not be retired under a column that nobody counts."""
    binary = {name_of(column) for column in columns() if isinstance(column.type, LargeBinary)}
    declared = {name_of(column) for column in columns() if SEALED in column.info}
    assert declared >= {"core_person.mobile", "core_person.email", "core_administrator.totp_sealed"}
    assert declared >= {"core_wecom_token.value_sealed", "core_wecom_callback.body_sealed"}
    assert binary - declared == set(NO_CIPHERTEXT)


def test_what_is_private_by_its_name_is_sealed() -> None:
    plain = {
        name_of(column) for column in columns() if PRIVATE.search(column.name) and SEALED not in column.info
    }
    assert plain == set(PLAIN_ON_PURPOSE)


def test_every_template_names_columns_of_its_row() -> None:
    """Re-keying fills it in from the row."""
    for column in columns():
        for name in re.findall(r"{(\w+)}", column.info.get(SEALED, "")):
            assert name in column.table.columns, name_of(column)


@pytest.fixture
def vendor(database) -> MetaData:  # type: ignore[no-untyped-def]
    """Tables of a new module, known by nothing but their declaration."""

    class Base(DeclarativeBase):
        metadata = MetaData()

    class Slip(Base):
        __tablename__ = "vendor_slip"

        id: Mapped[int] = mapped_column(primary_key=True)
        public_id: Mapped[str] = mapped_column(default=new_public_id)
        amount = EncryptedText()
        scan: Mapped[bytes | None] = mapped_column(
            LargeBinary, info=sealed_by_hand("vendor_slip.scan:{public_id}")
        )

    Table("vendor_off", Base.metadata, Column("x", LargeBinary, info=sealed_by_hand("")))
    Base.metadata.create_all(database.engine, [Slip.__table__])  # type: ignore[list-item]
    yield Base.metadata
    Base.metadata.drop_all(database.engine)


def test_a_new_module_is_listed_by_its_declaration_alone(
    vendor: MetaData, session: Session, keyring: Keyring
) -> None:
    found = sealed_columns(vendor, session)
    assert {column.name for column in found} == {"vendor_slip.amount", "vendor_slip.scan"}
