"""Encrypted columns: plain in the code, ciphertext in the database, bound to table, column and row."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, String, select, text, update
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Mapped, Session, mapped_column

from xinglin.api.crypto import BlindIndex, EncryptedBytes, EncryptedJson, EncryptedText
from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.inventory import rows_by_version, sealed_columns
from xinglin.crypto.rekey import Rekeying
from xinglin.crypto.service import Keyring
from xinglin.kernel import tables
from xinglin.kernel.db import Database
from xinglin.kernel.orm import Base, Identifier, PublicId
from xinglin.people.models import Person
from xinglin.testing.clock import FrozenClock

CANARY = "金丝雀-13800138000-canary"


class Letter(Base):
    """Stands for a table of a module."""

    __tablename__ = "vendor_letter"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    title: Mapped[str] = mapped_column(String(20), default="")
    body = EncryptedText()
    body_index = BlindIndex("body")
    scan = EncryptedBytes()
    facts = EncryptedJson()


def stored(session: Session, row: Letter) -> dict[str, bytes]:
    session.flush()
    found = session.execute(
        text("SELECT body, scan, facts FROM vendor_letter WHERE id = :id"), {"id": row.id}
    )
    return {name: bytes(value) for name, value in found.mappings().one().items() if value is not None}


def write(session: Session, row: Letter, **values: bytes) -> None:
    session.execute(text("UPDATE vendor_letter SET body = :body WHERE id = :id"), {"id": row.id, **values})
    session.expire_all()


@pytest.fixture
def letter(session: Session) -> Letter:
    made = Letter(body=CANARY, scan=b"\x00canary", facts={"name": CANARY, "n": [1, None]})
    session.add(made)
    session.flush()
    return made


def test_values_come_back_as_they_were(session: Session, letter: Letter) -> None:
    session.expunge_all()
    again = session.scalars(select(Letter)).one()
    assert (again.body, again.scan, again.facts) == (CANARY, b"\x00canary", letter.facts)


def test_the_database_holds_no_word_of_it(session: Session, letter: Letter) -> None:
    held = stored(session, letter)
    assert len(held) == 3
    assert not any(part in value for value in held.values() for part in (b"canary", CANARY.encode()[:9]))


def test_nothing_is_null_and_can_be_taken_back(session: Session, letter: Letter) -> None:
    letter.body = None
    letter.scan = b""
    session.flush()
    session.expire_all()
    assert (letter.body, letter.scan) == (None, b"")
    assert (
        session.scalar(text("SELECT count(*) FROM vendor_letter WHERE body IS NULL AND body_index IS NULL"))
        == 1
    )


def test_a_new_value_is_read_before_and_after_the_flush(session: Session, letter: Letter) -> None:
    letter.body = "second"
    assert letter.body == "second"
    session.flush()
    assert letter.body == "second"
    session.refresh(letter)
    assert letter.body == "second"


def test_a_change_of_another_column_leaves_the_ciphertext(session: Session, letter: Letter) -> None:
    before = stored(session, letter)
    letter.title = "new"
    assert stored(session, letter) == before


def test_it_is_read_after_the_session_is_closed(database: Database) -> None:
    with database.session() as session:
        session.add(Letter(body="kept"))
    with database.session() as session:
        row = session.scalars(select(Letter)).one()
    assert row.body == "kept"


def test_moved_to_another_row_it_does_not_open(session: Session, letter: Letter) -> None:
    other = Letter(body="other")
    session.add(other)
    write(session, letter, body=stored(session, other)["body"])
    with pytest.raises(SealBroken, match=f"vendor_letter.body:{letter.public_id}: changed, moved"):
        _ = letter.body
    assert other.body == "other"


def test_moved_to_another_column_or_table_it_does_not_open(
    session: Session, letter: Letter, clock: FrozenClock
) -> None:
    write(session, letter, body=stored(session, letter)["scan"])
    with pytest.raises(SealBroken):
        _ = letter.body
    person = Person(
        public_id=letter.public_id, staff_no="1", name="张三", created_at=clock.now(), updated_at=clock.now()
    )
    session.add(person)
    session.flush()
    moved = stored(session, letter)["facts"]
    session.execute(update(Person.__table__).values(mobile=moved))  # type: ignore[arg-type]
    session.expire_all()
    with pytest.raises(SealBroken, match=r"core_person\.mobile"):
        _ = person.mobile


def test_one_flipped_bit_is_found(session: Session, letter: Letter) -> None:
    good = stored(session, letter)["body"]
    for position in (0, 2, 5, 20, len(good) - 1):
        bad = bytearray(good)
        bad[position] ^= 4
        write(session, letter, body=bytes(bad))
        with pytest.raises(SealBroken):
            _ = letter.body
    write(session, letter, body=good)
    assert letter.body == CANARY


def test_the_row_keeps_its_identity(session: Session, letter: Letter) -> None:
    letter.public_id = "another"
    with pytest.raises(ValueError, match=r"public_id of a Letter was changed.*Cure"):
        session.flush()


def test_without_keys_it_is_neither_written_nor_read(database: Database) -> None:
    with database.session() as session:
        session.add(Letter(body="x"))
    bare = Database(database.url.render_as_string(hide_password=False))
    with (
        pytest.raises(KeyMissing, match=r"vendor_letter\.body: this database was opened without keys\. Cure"),
        bare.session() as session,
    ):
        session.add(Letter(body="y"))
    with bare.session() as session:
        row = session.scalars(select(Letter)).one()
        with pytest.raises(KeyMissing, match=r"Letter\.body"):
            _ = row.body
        with pytest.raises(KeyMissing, match="blind index"):
            Letter.body_index.matches(session, "x")
        row.title = "not secret"
    bare.dispose()


def test_a_condition_on_the_ciphertext_is_refused() -> None:
    with pytest.raises(ArgumentError):
        select(Letter.body)  # type: ignore[call-overload]


class TestBlindIndex:
    def found(self, session: Session, value: str) -> list[str | None]:
        rows = session.scalars(select(Letter).where(Letter.body_index.matches(session, value)))
        return [row.body for row in rows]

    def test_finds_the_exact_value_however_it_is_typed(self, session: Session) -> None:
        session.add_all(
            [Letter(body="138 0013 8000"), Letter(body="13900139000"), Letter(body="A@B.example")]
        )
        session.flush()
        assert self.found(session, "13800138000") == ["138 0013 8000"]
        assert self.found(session, "１３９００１３９０００") == ["13900139000"]
        assert self.found(session, "a@b.EXAMPLE") == ["A@B.example"]
        assert self.found(session, "1380013800") == []

    def test_follows_a_change(self, session: Session, letter: Letter) -> None:
        letter.body = "second"
        session.flush()
        assert self.found(session, CANARY) == []
        assert self.found(session, "second") == ["second"]

    def test_depends_on_the_key_and_the_column(self, keyring: Keyring, tmp_path: Path) -> None:
        index = vars(Letter)["body_index"]
        digest = index.digest("13800138000", keyring)
        assert len(digest) == 16
        assert digest != index.digest("13800138000", Keyring.create(tmp_path))
        assert digest != vars(Person)["mobile_index"].digest("13800138000", keyring)


class TestRekey:
    @pytest.fixture
    def ring(self, tmp_path: Path, database: Database, keyring: Keyring) -> Keyring:
        made = Keyring.create(tmp_path / "own")
        database.use_keys(made)
        yield made  # type: ignore[misc]
        database.use_keys(keyring)

    def work(self, database: Database, ring: Keyring, batch: int = 3) -> Rekeying:
        with database.read_session() as session:
            return Rekeying(database, ring, sealed_columns(tables.METADATA, session), batch=batch)

    def counts(self, database: Database) -> dict[str, dict[int, int]]:
        with database.read_session() as session:
            found = {
                column.name: rows_by_version(session, column)
                for column in sealed_columns(tables.METADATA, session)
            }
        return {name: rows for name, rows in found.items() if rows}

    @pytest.mark.parametrize("suite", ["aes", "sm"])
    def test_everything_lies_under_the_new_key(
        self, database: Database, ring: Keyring, clock: FrozenClock, suite: str
    ) -> None:
        with database.session() as session:
            session.add_all([Letter(body=f"body {n}", facts=[n] if n % 2 else None) for n in range(10)])
        Keyring(ring.folder, suite=suite).rotate(clock.now() + timedelta(days=1))
        assert self.counts(database) == {"vendor_letter.body": {1: 10}, "vendor_letter.facts": {1: 5}}
        work, seen = self.work(database, ring), []
        assert work.remaining() == 10
        work.run(seen.append)
        assert (seen, work.remaining(), work.broken) == ([3, 3, 3, 1], 0, [])
        assert self.counts(database) == {"vendor_letter.body": {2: 10}, "vendor_letter.facts": {2: 5}}
        with database.session() as session:
            assert {row.body for row in session.scalars(select(Letter))} == {f"body {n}" for n in range(10)}

    def test_a_broken_value_is_named_and_left(
        self, database: Database, ring: Keyring, clock: FrozenClock
    ) -> None:
        with database.session() as session:
            session.add_all([Letter(public_id=f"row{n}", body=f"body {n}") for n in range(3)])
        bad = ring.seal(b"x", context="elsewhere")
        with database.session() as session:
            session.execute(
                text("UPDATE vendor_letter SET body = :bad WHERE public_id = 'row1'"), {"bad": bad}
            )
        ring.rotate(clock.now())
        work = self.work(database, ring, batch=1)
        work.run(lambda _rows: None)
        assert work.remaining() == 1
        assert [line.partition(": ")[0] for line in work.broken] == ["vendor_letter.body:row1"]

    def test_a_newer_value_is_not_overwritten(
        self, database: Database, ring: Keyring, clock: FrozenClock
    ) -> None:
        with database.session() as session:
            session.add(Letter(body="old"))
        ring.rotate(clock.now())
        work = self.work(database, ring)
        with database.session() as session:
            columns = [
                column
                for column in sealed_columns(tables.METADATA, session)
                if column.name == "vendor_letter.body"
            ]
        batch = next(work._batches(columns))
        with database.session() as session:
            session.scalars(select(Letter)).one().body = "new"
        work._replace(columns, batch)
        with database.session() as session:
            assert session.scalars(select(Letter)).one().body == "new"


def test_the_core_declares_its_columns(session: Session) -> None:
    names = {column.name for column in sealed_columns(tables.METADATA, session)}
    assert names >= {
        "core_person.mobile",
        "core_person.email",
        "core_import_run.changes",
        "core_administrator.totp_sealed",
    }
    for column in sealed_columns(tables.METADATA, session):
        assert isinstance(column.column.type, LargeBinary)
