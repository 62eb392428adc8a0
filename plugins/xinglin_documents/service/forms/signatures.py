"""Handwritten signatures, bound to what was signed: form, files and act; a change of any of them is found and named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from xinglin.api.audit import AuditTrail
from xinglin.api.crypto import Keyring
from xinglin.api.files import FileRefused, FileState, FileStore, StoredFile
from xinglin.api.i18n import translator
from xinglin.api.people import Person
from xinglin_documents.models import FlowEvent, Instance, InstanceFile, Signature

_ = translator("documents")

PLUGIN = "documents"
PURPOSE = "documents signature"
MOST_BYTES = 1024 * 1024
LIGHT = 128
"""Grey below which a stroke counts as ink."""
CHANGED = {
    "form": _("The form was changed after the signature."),
    "files": _("The attachments were changed after the signature."),
    "act": _("The opinion or the act was changed after the signature."),
}
BROKEN = _("The signature does not belong to this act, or was changed itself.")
GONE = _("The picture of the signature is not there any more.")


@dataclass(frozen=True)
class History:
    """What an instance is made of: read once for all its signatures."""

    events: Sequence[FlowEvent]
    values: Mapping[str, Any]
    files: Sequence[InstanceFile]


class SignatureService:
    """`event` is the act that is signed; the changes of the first event of an instance hold all its first values."""

    def __init__(self, session: Session, audit: AuditTrail, files: FileStore, keyring: Keyring) -> None:
        self._session = session
        self._audit = audit
        self._files = files
        self._keyring = keyring

    def digest_of(self, event: FlowEvent) -> str:
        """SHA-256 in hex over the form at that act, the files until then, the act, its actor and moment."""
        return _digest(self._parts(event, self._history(event.instance_id)))

    def sign(self, event: FlowEvent, png: bytes, digest: str) -> Signature:
        """Keep the picture and bind it to `digest`; raises `FileRefused` for an empty or unfit picture."""
        signer = self._session.get_one(Person, event.actor_id)
        if len(png) > MOST_BYTES:
            raise FileRefused(_("This signature is too large."), _("Clear the field and sign again."))
        stored = self._files.save_picture(
            "signature.png", BytesIO(png), plugin=PLUGIN, uploaded_by=signer.public_id
        )
        if _is_blank(png):
            raise FileRefused(_("The signature is empty."), _("Sign in the field, then send it."))
        parts = self._parts(event, self._history(event.instance_id))
        signature = Signature(
            event_id=event.id,
            file=stored,
            digest=digest,
            parts=parts,
            mac=self._mac(event, stored, digest, parts),
        )
        self._session.add(signature)
        self._session.flush()
        after = {"file": stored.public_id, "digest": digest}
        self._audit.record("documents.sign", "documents.event", event.public_id, after=after)
        return signature

    def of(self, event: FlowEvent) -> Signature | None:
        query = select(Signature).where(Signature.event_id == event.id).options(joinedload(Signature.file))
        return self._session.scalar(query)

    def verify(self, event: FlowEvent) -> str:
        """What is wrong with the signature under this act, as a sentence; empty: it stands for what is there now."""
        return self._problem(event, self.of(event), self._history(event.instance_id))

    def problems(self, instance_id: int) -> Mapping[str, str]:
        """As `verify`, by the public ids of all signed acts of an instance, those that stand left out."""
        query = (
            select(FlowEvent, Signature)
            .join(Signature, Signature.event_id == FlowEvent.id)
            .where(FlowEvent.instance_id == instance_id)
            .options(joinedload(Signature.file))
        )
        signed = self._session.execute(query).all()
        history = self._history(instance_id) if signed else History((), {}, ())
        found = {event.public_id: self._problem(event, signature, history) for event, signature in signed}
        return {key: problem for key, problem in found.items() if problem}

    def _problem(self, event: FlowEvent, signature: Signature | None, history: History) -> str:
        if signature is None or signature.file.state == FileState.REMOVED:
            return GONE
        expected = self._mac(event, signature.file, signature.digest, signature.parts)
        if expected != signature.mac or _digest(signature.parts) != signature.digest:
            return BROKEN
        now = self._parts(event, history)
        return next((CHANGED[part] for part in CHANGED if now[part] != signature.parts.get(part)), "")

    def _mac(self, event: FlowEvent, stored: StoredFile, digest: str, parts: Mapping[str, str]) -> str:
        bound = [event.public_id, event.actor_id, stored.public_id, stored.sha256, digest, parts]
        return self._keyring.mac(_canonical(bound), purpose=PURPOSE)

    def _parts(self, event: FlowEvent, history: History) -> dict[str, str]:
        act = [
            event.instance_id,
            event.sequence,
            event.at.isoformat(),
            event.act,
            event.actor_id,
            event.for_id,
            event.node,
            event.task,
            event.opinion,
        ]
        parts = {"form": _form(event, history), "files": _files_until(event, history), "act": act}
        return {name: hashlib.sha256(_canonical(part)).hexdigest() for name, part in parts.items()}

    def _history(self, instance_id: int) -> History:
        events = select(FlowEvent).where(FlowEvent.instance_id == instance_id).order_by(FlowEvent.sequence)
        files = (
            select(InstanceFile)
            .where(InstanceFile.instance_id == instance_id)
            .options(joinedload(InstanceFile.file))
            .order_by(InstanceFile.field, InstanceFile.position, InstanceFile.id)
        )
        stands = self._session.get_one(Instance, instance_id).values or {}
        return History(tuple(self._session.scalars(events)), stands, tuple(self._session.scalars(files)))


def _form(event: FlowEvent, history: History) -> dict[str, Any]:
    """The values at that act; where the form of the instance differs from all its events, what stands there."""
    then: dict[str, Any] = {}
    later: dict[str, Any] = {}
    for one in history.events:
        (then if one.sequence <= event.sequence else later).update(one.changes or {})
    told = {**then, **later}
    stands = history.values
    return {key: then[key] if stands.get(key) == told[key] else [stands.get(key)] for key in then}


def _files_until(event: FlowEvent, history: History) -> list[list[str]]:
    return [[one.field, one.file.name, one.file.sha256] for one in history.files if one.added_at <= event.at]


def _canonical(value: Any) -> bytes:
    """One and the same bytes for the same JSON value, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _digest(parts: Mapping[str, str]) -> str:
    return hashlib.sha256(_canonical(dict(parts))).hexdigest()


def _is_blank(png: bytes) -> bool:
    """Whether there is no ink: nothing dark on a picture that `save_picture` has found harmless."""
    with Image.open(BytesIO(png)) as picture:
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        return not any(paper.convert("L").histogram()[:LIGHT])


def factory(context: object, request: Request) -> SignatureService:
    return SignatureService(request.db, request.audit, request.files, request.keyring)
