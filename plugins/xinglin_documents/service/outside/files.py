"""Files of the OA: fetched into our store, checked there, and shown like every other file."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from xinglin.api.files import FileState, StoredFile
from xinglin.api.people import Person
from xinglin.api.services import Clock, NotFound
from xinglin_documents.models import Item, OutsideFile
from xinglin_documents.service.connectors.transactions import Transactions
from xinglin_documents.service.port import DocumentFile, DocumentSource

PLUGIN = "documents"
KEPT = timedelta(days=7)
"""How long a fetched copy is used again; the OA stays the place where the file is kept."""


class FetchedFiles:
    """A copy for each person whom the OA shows the file to: who may read it is the OA's decision, and is asked anew."""

    def __init__(self, source: DocumentSource, transactions: Transactions, clock: Clock) -> None:
        self._source = source
        self._transactions = transactions
        self._clock = clock

    def fetch(self, person_id: int, item: Item, external_id: str) -> StoredFile:
        """Our copy. Raises `NotFound`, `SourceDown`, `FileRefused`."""
        key = (self._source.name, external_id, person_id)
        with self._transactions.reading() as session:
            known = session.get(OutsideFile, key)
            if known is not None and known.file.state != FileState.REMOVED:
                return known.file
        file = self._file(person_id, item, external_id)
        content = self._source.fetch_file(person_id, item, file)
        with self._transactions.writing() as writing:
            person = writing.session.get(Person, person_id)
            if person is None:
                raise NotFound("")
            stored = writing.files.save_attachment(
                file.name, content, plugin=PLUGIN, uploaded_by=person.public_id
            )
            row = writing.session.get(OutsideFile, key) or OutsideFile(
                source=key[0], external_id=external_id, person_id=person_id
            )
            row.file, row.fetched_at = stored, self._clock.now()
            writing.session.add(row)
            facts = {"name": file.name, "size": stored.size, "document": item.public_id}
            writing.audit.record("documents.oa_fetch_file", "file", stored.public_id, after=facts)
            return stored

    def _file(self, person_id: int, item: Item, external_id: str) -> DocumentFile:
        for file in self._source.show(person_id, item).files:
            if file.external_id == external_id:
                return file
        raise NotFound("")


def outdated(session: Session, now: datetime) -> list[tuple[OutsideFile, StoredFile]]:
    """Copies that were fetched long ago; those in quarantine are not ours to delete."""
    query = (
        select(OutsideFile, StoredFile)
        .join(StoredFile, StoredFile.id == OutsideFile.file_id)
        .where(
            OutsideFile.fetched_at < now - KEPT,
            StoredFile.state != FileState.INFECTED,
            StoredFile.state != FileState.REMOVED,
        )
    )
    return [(row, stored) for row, stored in session.execute(query)]
