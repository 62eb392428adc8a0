"""What goes into an archive package: final body, form, opinions and history, receipts, attachments, signatures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from xinglin.api.files import FileState, FileStore, StoredFile
from xinglin.api.people import Department, Person
from xinglin_documents.models import (
    Distribution,
    DocumentNumber,
    FlowEvent,
    FormerHead,
    Instance,
    OfficialDocument,
    Receipt,
    Signature,
)
from xinglin_documents.service.engine.definition import Definition, FieldKind, FormField
from xinglin_documents.service.forms.signatures import BROKEN, CHANGED, GONE
from xinglin_documents.service.official.content import files_of
from xinglin_documents.service.official.packing import CHUNK, Member

WITHHELD = (FileState.INFECTED, FileState.REFUSED, FileState.REMOVED)
"""What the virus check keeps back is named in the manifest and not in the package."""
Rows = list[dict[str, Any]]
PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>\n'
    '<body><h1>{title}</h1>\n<table border="1">\n{rows}</table></body></html>\n'
)
Verify = Callable[[FlowEvent], str]
"""What is wrong with the signature under an act; empty: nothing. `SignatureService.verify`."""
NOT_VERIFIED = "未核验"
VERIFIED = {
    "": "核验通过",
    CHANGED["form"]: "签名后表单有改动",
    CHANGED["files"]: "签名后附件有改动",
    CHANGED["act"]: "签名后意见或操作有改动",
    BROKEN: "签名与该操作不符，或签名本身被改动",
    GONE: "签名图片已不存在",
}
ACTS = {
    "start": "发起",
    "resubmit": "重新提交",
    "approve": "同意",
    "reject": "不同意",
    "return": "退回",
    "transfer": "转办",
    "delegate": "委派",
    "answer": "答复",
    "add_before": "前加签",
    "add_after": "后加签",
    "remove_signer": "减签",
    "withdraw": "撤回",
    "take_back": "取回",
    "copy": "抄送",
    "circulate": "传阅",
    "comment": "传阅意见",
    "urge": "催办",
    "suspend": "挂起",
    "resume": "恢复",
    "terminate": "终止",
    "remind": "系统提醒",
    "escalate": "系统升级",
    "time_out": "超时处理",
    "child_ended": "子流程结束",
    "migrate": "流程换版",
}


class Dossier:
    """Reads one ended document; changes nothing. `definition` is the version by which it ran."""

    def __init__(
        self,
        session: Session,
        files: FileStore,
        zone: ZoneInfo,
        instance: Instance,
        definition: Definition,
        verify: Verify | None = None,
    ) -> None:
        self._session = session
        self._files = files
        self._zone = zone
        self._instance = instance
        self._definition = definition
        self._verify = verify

    def about(self) -> dict[str, object]:
        """What the manifest says of the document."""
        item = self._instance.item
        return {
            "document": item.public_id,
            "title": item.title,
            "number": item.number,
            "process": item.process_key,
            "version": self._definition.version,
            "secrecy": str(item.secrecy),
            "started_at": self._said(item.started_at),
            "ended_at": self._said(item.ended_at),
            "signatures": [
                {"sequence": event.sequence, "verified": self._verified(event)} for event in self._signed()
            ],
            "withheld": [stored.name for stored in self._attached() if stored.state in WITHHELD],
        }

    def members(self) -> Iterator[Member]:
        """All files of the package, in a fixed order."""
        yield from self._body()
        yield from self._table("form/form", self._instance.item.title, self._form())
        yield from self._table("history/history", "办理过程", self._history())
        yield from self._table("register/numbers", "文号", self._numbers())
        yield from self._table("register/receipts", "签收情况", self._receipts())
        for number, stored in enumerate(self._attached(), 1):
            if stored.state not in WITHHELD:
                yield self._file(f"attachments/{number:03}-{_safe(stored.name)}", stored)
        yield from self._signatures()

    def _attached(self) -> list[StoredFile]:
        body, attachments = files_of(self._session, self._instance.id)
        return [*([body.file] if body else []), *(one.file for one in attachments)]

    def _body(self) -> Iterator[Member]:
        document = self._session.get(OfficialDocument, self._instance.id)
        if document is not None and document.final_file_id is not None:
            name = "final" if document.locked_at is not None else "not-sealed"
            yield self._file(f"body/{name}.pdf", self._session.get_one(StoredFile, document.final_file_id))
        formers = select(StoredFile).join(FormerHead, FormerHead.file_id == StoredFile.id)
        formers = formers.where(FormerHead.item_id == self._instance.id).order_by(FormerHead.id)
        for number, stored in enumerate(self._session.scalars(formers), 1):
            if stored.state not in WITHHELD:
                yield self._file(f"history/former-heads/{number:03}.pdf", stored)
        text = (self._instance.values or {}).get("body")
        if isinstance(text, str) and text:
            yield Member("body/body.txt", [text.encode()])

    def _form(self) -> Rows:
        values = self._instance.values or {}
        return [
            {"field": one.key, "title": one.title, "value": self._shown(one, values.get(one.key))}
            for one in self._definition.form
        ]

    def _shown(self, field: FormField, value: Any) -> Any:
        """Names instead of ids; rows as lists of such values."""
        if value in (None, "", []):
            return ""
        ways: Mapping[FieldKind, Callable[[Any], Any]] = {
            FieldKind.PERSON: lambda one: self._names(Person, [one]),
            FieldKind.PERSONS: lambda many: self._names(Person, many),
            FieldKind.DEPARTMENT: lambda one: self._names(Department, [one]),
            FieldKind.CHOICE: lambda one: _titles(field, [one]),
            FieldKind.CHOICES: lambda many: _titles(field, many),
            FieldKind.YES_NO: lambda is_so: "是" if is_so else "否",
            FieldKind.ROWS: lambda rows: [
                {column.title: self._shown(column, row.get(column.key)) for column in field.columns}
                for row in rows
            ],
        }
        way = ways.get(field.kind)
        return way(value) if way else value

    def _names(self, table: type[Person | Department], ids: Any) -> str:
        keys = [int(one) for one in ids if str(one).isdigit()]
        rows = self._session.execute(select(table.id, table.name).where(table.id.in_(keys)))
        names: dict[int, str] = {key: name for key, name in rows}  # noqa: C416 - a Row is not typed as a pair
        return "、".join(names[key] for key in keys if key in names)

    def _history(self) -> Rows:
        actor, principal = aliased(Person), aliased(Person)
        query = (
            select(FlowEvent, actor.name, principal.name)
            .outerjoin(actor, actor.id == FlowEvent.actor_id)
            .outerjoin(principal, principal.id == FlowEvent.for_id)
            .where(FlowEvent.instance_id == self._instance.id)
            .order_by(FlowEvent.sequence)
        )
        titles = {node.key: node.title for node in self._definition}
        signed = {event.id for event in self._signed()}
        return [
            {
                "sequence": event.sequence,
                "at": self._said(event.at),
                "step": titles.get(event.node, event.node),
                "person": name or "系统",
                "for": f"代 {behalf}" if behalf else "",
                "act": ACTS.get(event.act, event.act),
                "opinion": event.opinion or "",
                "changed_fields": "、".join(sorted(event.changes or {})),
                "signature": self._verified(event) if event.id in signed else "",
            }
            for event, name, behalf in self._session.execute(query)
        ]

    def _signed(self) -> Sequence[FlowEvent]:
        query = select(FlowEvent).join(Signature, Signature.event_id == FlowEvent.id)
        found = query.where(FlowEvent.instance_id == self._instance.id).order_by(FlowEvent.sequence)
        return self._session.scalars(found).all()

    def _verified(self, event: FlowEvent) -> str:
        """What the check of the signature under this act says, in the language of the package."""
        if self._verify is None:
            return NOT_VERIFIED
        fault = self._verify(event)
        return VERIFIED.get(fault, fault)

    def _numbers(self) -> Rows:
        query = select(DocumentNumber).where(DocumentNumber.item_id == self._instance.id)
        return [
            {
                "number": one.text,
                "state": str(one.state),
                "issued_at": self._said(one.issued_at),
                "reason": one.reason,
            }
            for one in self._session.scalars(query.order_by(DocumentNumber.id))
        ]

    def _receipts(self) -> Rows:
        query = (
            select(Person.name, Department.name, Receipt.opened_at, Receipt.signed_at)
            .select_from(Receipt)
            .join(Distribution, Distribution.id == Receipt.distribution_id)
            .join(Person, Person.id == Receipt.person_id)
            .outerjoin(Department, Department.id == Distribution.department_id)
            .where(Distribution.item_id == self._instance.id)
            .order_by(Distribution.id, Person.pinyin, Person.id)
        )
        return [
            {
                "person": person,
                "department": department or "",
                "opened_at": self._said(opened),
                "signed_at": self._said(signed),
            }
            for person, department, opened, signed in self._session.execute(query)
        ]

    def _signatures(self) -> Iterator[Member]:
        query = (
            select(Signature, FlowEvent.sequence)
            .join(FlowEvent, FlowEvent.id == Signature.event_id)
            .where(FlowEvent.instance_id == self._instance.id)
            .order_by(FlowEvent.sequence)
        )
        found = self._session.execute(query).all()
        rows: Rows = [
            {"sequence": number, "sha256_of_signed": one.digest, "mac": one.mac} for one, number in found
        ]
        if rows:
            yield from self._table("signatures/signatures", "手写签名", rows)
        for signature, number in found:
            ending = _safe(signature.file.name).rpartition(".")[2]
            yield self._file(f"signatures/{number:04}.{ending}", signature.file)

    def _table(self, path: str, title: str, rows: Rows) -> Iterator[Member]:
        """The same rows for machines and for people."""
        yield Member(f"{path}.json", [json.dumps(rows, ensure_ascii=False, indent=1).encode()])
        yield Member(f"{path}.html", [_page(title, rows).encode()])

    def _file(self, path: str, stored: StoredFile) -> Member:
        return Member(path, _pieces(lambda: self._files.open(stored)))

    def _said(self, moment: datetime | None) -> str:
        return moment.astimezone(self._zone).isoformat(timespec="seconds") if moment else ""


def _titles(field: FormField, keys: Any) -> str:
    known = {choice.key: choice.title for choice in field.choices}
    return "、".join(known.get(key, str(key)) for key in keys)


def _page(title: str, rows: Rows) -> str:
    heads = list(rows[0]) if rows else []
    lines = [
        Markup("<tr>{}</tr>\n").format(Markup().join(Markup("<th>{}</th>").format(one) for one in heads))
    ]
    for row in rows:
        cells = Markup().join(Markup("<td>{}</td>").format(_plain(row[one])) for one in heads)
        lines.append(Markup("<tr>{}</tr>\n").format(cells))
    return str(PAGE.format(title=title, rows=Markup().join(lines)))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "；".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return "，".join(f"{key}：{_plain(one)}" for key, one in value.items())
    return str(value)


def _safe(name: str) -> str:
    """A name that is one path segment on any system."""
    return "".join("_" if letter in '/\\:*?"<>|' else letter for letter in name)[-120:]


def _pieces(opening: Callable[[], BinaryIO]) -> Iterator[bytes]:
    with opening() as stream:
        while piece := stream.read(CHUNK):
            yield piece
