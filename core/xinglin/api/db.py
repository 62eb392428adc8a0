"""Tables and columns for plugins."""

from __future__ import annotations

from sqlalchemy.orm import Session

from xinglin.kernel.db import ask
from xinglin.kernel.orm import Base, Identifier, Json, PublicId, UTCDateTime, new_public_id

__all__ = ["Base", "Identifier", "Json", "PublicId", "Session", "UTCDateTime", "ask", "new_public_id"]
