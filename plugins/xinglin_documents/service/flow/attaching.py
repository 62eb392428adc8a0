"""Files of a document, and handwritten signatures bound to what they stand under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from xinglin.api.files import FileRefused, FileState, StoredFile
from xinglin.api.i18n import translator
from xinglin_documents.models import DraftFile, FlowEvent, Instance, InstanceFile, Signature
from xinglin_documents.service.engine.definition import Definition, FieldKind
from xinglin_documents.service.forms.signatures import SignatureService

_ = translator("documents")

PLUGIN = "documents"


class Attaching:
    """`uploaded_by` is the public id of the person whose uploads may be taken."""

    def __init__(
        self, session: Session, signatures: SignatureService, person_id: int, uploaded_by: str
    ) -> None:
        self._session = session
        self._signatures = signatures
        self._person_id = person_id
        self._uploaded_by = uploaded_by

    def add(
        self,
        instance: Instance,
        definition: Definition,
        given: Mapping[str, tuple[str, ...]],
        node: str,
        at: datetime,
    ) -> None:
        """Take finished uploads over, by field. Raises `FileRefused` for one that is not hers or used already."""
        fields = {field.key for field in definition.form if field.kind is FieldKind.FILES}
        for field, public_ids in given.items():
            if field not in fields:
                raise FileRefused(_("This form has no place for this file."), _("Reload the page."))
            start = self._last(instance, field) + 1
            for position, public_id in enumerate(public_ids, start):
                stored = self._uploaded(public_id)
                self._session.add(
                    InstanceFile(
                        instance_id=instance.id,
                        file_id=stored.id,
                        field=field,
                        node=node,
                        position=position,
                        added_by_id=self._person_id,
                        added_at=at,
                    )
                )
        self._session.flush()

    def sign(self, event: FlowEvent, picture: bytes) -> None:
        """Keep the signature under `event`, with the digest of all that was signed. Raises `FileRefused`."""
        self._signatures.sign(event, picture, self._signatures.digest_of(event))

    def _last(self, instance: Instance, field: str) -> int:
        query = select(func.max(InstanceFile.position)).where(
            InstanceFile.instance_id == instance.id, InstanceFile.field == field
        )
        return self._session.scalar(query) or 0

    def _uploaded(self, public_id: str) -> StoredFile:
        query = select(StoredFile).where(
            StoredFile.public_id == public_id,
            StoredFile.plugin == PLUGIN,
            StoredFile.uploaded_by == self._uploaded_by,
            StoredFile.state != FileState.REMOVED,
            StoredFile.id.not_in(select(InstanceFile.file_id)),
            StoredFile.id.not_in(select(Signature.file_id)),
        )
        stored = self._session.scalar(query)
        if stored is None:
            raise FileRefused(_("This file is not there any more."), _("Upload it once more."))
        drafted = self._session.scalar(select(DraftFile).where(DraftFile.file_id == stored.id))
        if drafted is not None:
            self._session.delete(drafted)  # it belongs to the document from now on
            self._session.flush()
        return stored
