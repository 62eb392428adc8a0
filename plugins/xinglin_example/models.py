"""One table. Its name begins with ours; the public id is what may stand in addresses."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from xinglin.api.db import Base, Identifier, PublicId
from xinglin.api.people import Person

TEXT_LENGTH = 140


class Thanks(Base):
    __tablename__ = "example_thanks"
    id: Mapped[Identifier]
    public_id: Mapped[PublicId]
    sender_id: Mapped[int | None] = mapped_column(ForeignKey("core_person.id"))  # None: the wall says it
    receiver_id: Mapped[int] = mapped_column(ForeignKey("core_person.id"), index=True)
    text: Mapped[str] = mapped_column(String(TEXT_LENGTH))
    said_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime | None]
    sender: Mapped[Person | None] = relationship(foreign_keys=[sender_id])
    receiver: Mapped[Person] = relationship(foreign_keys=[receiver_id])
