"""The table of stored files; the bytes lie in the file store under `storage_key`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from xinglin.kernel.orm import Base, Identifier, PublicId


class StoredFile(Base):
    """A file that someone uploaded. Its name is for people only and never a path."""

    __tablename__ = "core_stored_file"

    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    plugin: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(128))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    storage_key: Mapped[str] = mapped_column(String(64), unique=True)
    uploaded_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
