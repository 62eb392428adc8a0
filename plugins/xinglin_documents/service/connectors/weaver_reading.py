"""What e-cology's types mean in ours. All its numbers and moments come as texts, moments in local time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from xinglin_documents.models import Urgency
from xinglin_documents.service.connectors.plain import plain
from xinglin_documents.service.port import (
    Action,
    DetailTable,
    DocumentField,
    DocumentFile,
    HistoryLine,
    ListedItem,
    SourceAct,
    SourceDocument,
)

KINDS = {"1": "text", "2": "long_text", "3": "choice", "4": "yes_no", "5": "choice", "6": "files"}
"""fieldHtmlType."""
FILES = "6"
LEVELS = {"1": Urgency.URGENT, "2": Urgency.MOST_URGENT}
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
DIGITS = 18
AHEAD = timedelta(minutes=5)
"""How far the clock of the OA may be before ours."""
OVER = ("归档", "办结")
YEARS = range(1990, 2100)
"""Of what an OA keeps; a moment outside is one that it does not know."""
MAIN = "WorkflowRequestTableField"


def moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Its local time in UTC; None when there is none, none that can be read, or one of another century."""
    for pattern in FORMATS:
        try:
            found = datetime.strptime((text or "").strip(), pattern).replace(tzinfo=zone)
        except ValueError:
            continue
        return found.astimezone(UTC) if found.year in YEARS else None
    return None


def listed(info: Any, zone: ZoneInfo, now: datetime) -> ListedItem:
    """A line of a list. Raises `ValueError` when it has no number."""
    number = str(info.requestId or "")
    if not (number.isdecimal() and number.isascii() and len(number) <= DIGITS):
        raise ValueError("a line without the number of a document")
    created, received = moment(info.createTime, zone), moment(info.receiveTime, zone)
    operated = moment(info.lastOperateTime, zone)
    started = created or received or now
    base = info.workflowBaseInfo
    return ListedItem(
        external_id=number,
        title=plain(info.requestName) or number,
        process_title=(base.workflowName if base else "") or "",
        step=info.currentNodeName or info.status or "",
        starter_name=info.creatorName or "",
        started_at=started,
        arrived_at=received or started,
        urgency=LEVELS.get(info.requestLevel or "", Urgency.NORMAL),
        is_over=(info.status or "") in OVER,
        node=info.currentNodeId or "",
        process=str((base.workflowId if base else "") or ""),
        starter_user=str(info.creatorId or ""),
        operated_at=operated if created and operated and created <= operated <= now + AHEAD else None,
        operated_by=(info.lastOperatorName or "") if received else "",
    )


def document(info: Any, zone: ZoneInfo) -> SourceDocument:
    """One document with its form, files, history, and what this user may do."""
    fields = list(_fields(info))
    return SourceDocument(
        external_id=str(info.requestId or ""),
        title=plain(info.requestName),
        step=info.currentNodeName or "",
        node=info.currentNodeId or "",
        status=info.status or "",
        urgency=LEVELS.get(info.requestLevel or "", Urgency.NORMAL),
        starter_name=info.creatorName or "",
        started_at=moment(info.createTime, zone),
        visit=(info.receiveTime or "")[:64],
        fields=tuple(_field(field) for field in fields if field.fieldHtmlType != FILES),
        details=tuple(_details(info)),
        files=tuple(file for field in fields if field.fieldHtmlType == FILES for file in _files(field)),
        history=tuple(_history(info, zone)),
        actions=tuple(_actions(info)),
    )


def changed_fields(values: dict[str, str]) -> dict[str, Any] | None:
    """The main table with these values, as `submit` and `create` want it back."""
    if not values:
        return None
    rows = [
        {"fieldName": name, "fieldValue": value, "view": True, "edit": True} for name, value in values.items()
    ]
    record = {"recordOrder": 0, "workflowRequestTableFields": {MAIN: rows}}
    return {"requestRecords": {"WorkflowRequestTableRecord": [record]}}


def _fields(info: Any) -> Iterator[Any]:
    table = info.workflowMainTableInfo
    for record in _rows(table.requestRecords if table else None, "WorkflowRequestTableRecord"):
        for field in _rows(record.workflowRequestTableFields, MAIN):
            if field is not None and field.fieldName and field.view is not False:
                yield field


def _field(field: Any) -> DocumentField:
    names, values = _rows(field.selectnames, "string"), _rows(field.selectvalues, "string")
    value = field.fieldValue or ""
    return DocumentField(
        key=field.fieldName,
        label=plain(field.fieldShowName) or field.fieldName,
        value=value,
        display=plain(field.fieldShowValue or value),
        kind=KINDS.get(field.fieldHtmlType or "", "text"),
        is_editable=bool(field.edit),
        is_required=bool(field.mand),
        options=tuple((value or "", plain(name)) for value, name in zip(values, names, strict=False)),
    )


def _files(field: Any) -> Iterator[DocumentFile]:
    numbers = [number for number in (field.fieldValue or "").split(",") if number.strip().isdigit()]
    names = [plain(name) for name in (field.fieldShowValue or "").split(",")]
    for at, number in enumerate(numbers):
        is_named = len(names) == len(numbers) and names[at]
        label = plain(field.fieldShowName) or field.fieldName
        yield DocumentFile(names[at] if is_named else f"{label} {at + 1}", external_id=number.strip())


def _details(info: Any) -> Iterator[DetailTable]:
    for table in _rows(info.workflowDetailTableInfos, "WorkflowDetailTableInfo"):
        rows = []
        for record in _rows(table.workflowRequestTableRecords, "WorkflowRequestTableRecord"):
            fields = _rows(record.workflowRequestTableFields, MAIN)
            rows.append(tuple(plain(field.fieldShowValue or field.fieldValue) for field in fields))
        labels = [plain(label) for label in _rows(table.tableFieldName, "string")]
        width = max([len(labels), *map(len, rows)], default=0)
        labels += [""] * (width - len(labels))
        padded = tuple(row + ("",) * (width - len(row)) for row in rows)
        yield DetailTable(plain(table.tableTitle), tuple(labels), padded)


def _history(info: Any, zone: ZoneInfo) -> Iterator[HistoryLine]:
    """Oldest first; the OA gives the newest first."""
    for log in reversed(_rows(info.workflowRequestLogs, "WorkflowRequestLog")):
        at = moment(f"{log.operateDate or ''} {log.operateTime or ''}", zone)
        if at is not None:
            yield HistoryLine(
                at=at,
                person=log.operatorName or "",
                department=log.operatorDept or "",
                step=log.nodeName or "",
                act=log.operateType or "",
                opinion=plain(log.remark),
                for_person=log.agentor or "",
            )


def _actions(info: Any) -> Iterator[Action]:
    must = bool(info.mustInputRemark)
    if info.submitButtonName:
        yield Action(SourceAct.APPROVE, plain(info.submitButtonName), needs_opinion=must)
    if info.rejectButtonName:
        yield Action(SourceAct.RETURN, plain(info.rejectButtonName), needs_opinion=must)
    if info.forwardButtonName:
        yield Action(SourceAct.FORWARD, plain(info.forwardButtonName))
    yield Action(SourceAct.COMMENT, needs_opinion=True)


def _rows(holder: Any, name: str) -> list[Any]:
    """The members of one of its arrays, which may be missing on any level."""
    return list(getattr(holder, name) or ()) if holder is not None else []
