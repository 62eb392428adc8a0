"""What the rows of processes and their versions have in common wherever they are written."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xinglin_documents.models import Definition as Version
from xinglin_documents.models import Process
from xinglin_documents.service.engine.definition import Definition


def digest_of(text: str) -> str:
    """SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def dress(process: Process, definition: Definition) -> Process:
    """Give the process the titles of its live definition."""
    process.title = definition.title
    process.title_en = definition.title_en
    process.category = definition.category
    process.icon = definition.icon
    return process


def next_number(session: Session, process: Process) -> int:
    """The number of the next version, from 1."""
    query = select(func.max(Version.version)).where(Version.process_id == process.id)
    return (session.scalar(query) or 0) + 1
