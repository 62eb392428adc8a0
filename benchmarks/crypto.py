"""`crypto.field`: a field of 60 characters sealed and opened against the bare cipher, and rows with two such fields."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.api.crypto import EncryptedText, Keyring
from xinglin.crypto.suites import suite_of
from xinglin.kernel.db import Database
from xinglin.kernel.orm import Base, Identifier, PublicId

FIELD = "江北市妇女儿童医院儿科病区护士站值班电话与住院医师联系方式备注" * 2
PLAIN = FIELD[:60].encode()
CONTEXT = "bench_sealed.first:AAAAAAAAAAAAAAAA"
TIMES = 200
FIELD_ROUNDS = 61
ROW_ROUNDS = 15
ROWS = 500


class PlainRow(Base):
    __tablename__ = "vendorbench_plain"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    first: Mapped[str] = mapped_column(String(200))
    second: Mapped[str] = mapped_column(String(200))


class SealedRow(Base):
    __tablename__ = "vendorbench_sealed"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    first = EncryptedText()
    second = EncryptedText()


def field(suite: str) -> tuple[float, float]:
    """Microseconds to seal and open one field, and what the bare cipher takes with a fresh nonce."""
    with tempfile.TemporaryDirectory(prefix="xinglin-bench-") as folder:
        ring = Keyring.create(Path(folder), suite=suite)
        cipher = suite_of(suite)
        key = os.urandom(cipher.key_bytes)

        def ours() -> None:
            ring.open(ring.seal(PLAIN, context=CONTEXT), context=CONTEXT)

        def bare() -> None:
            nonce = os.urandom(12)
            cipher.decrypt(key, nonce, cipher.encrypt(key, nonce, PLAIN, b""), b"")

        rounds = [(_microseconds(ours), _microseconds(bare)) for _ in range(FIELD_ROUNDS)]
    return median(first for first, _second in rounds), median(second for _first, second in rounds)


def rows(suite: str) -> tuple[float, float]:
    """Rows a second that the ORM inserts into SQLite: with two encrypted columns, and plain."""
    with tempfile.TemporaryDirectory(prefix="xinglin-bench-") as folder:
        database = Database(f"sqlite:///{folder}/x.db")
        database.use_keys(Keyring.create(Path(folder) / "secrets", suite=suite))
        Base.metadata.create_all(database.engine, [PlainRow.__table__, SealedRow.__table__])  # type: ignore[list-item]
        rounds = [(_rate(database, SealedRow), _rate(database, PlainRow)) for _ in range(ROW_ROUNDS)]
        database.dispose()
    return median(first for first, _second in rounds), median(second for _first, second in rounds)


def _microseconds(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    for _ in range(TIMES):
        act()
    return (time.perf_counter() - start) / TIMES * 1e6


def _rate(database: Database, model: type[PlainRow | SealedRow]) -> float:
    text = PLAIN.decode()
    start = time.perf_counter()
    with database.session() as session:
        session.add_all(model(first=text, second=text) for _ in range(ROWS))
    return ROWS / (time.perf_counter() - start)
