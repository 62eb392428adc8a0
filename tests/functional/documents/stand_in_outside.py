"""The OA behind on a stage: one document of it, and what it was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from xinglin_documents.models import Item
from xinglin_documents.service.port import (
    Action,
    DetailTable,
    DocumentField,
    DocumentFile,
    HistoryLine,
    SourceAct,
    SourceDocument,
)


class Outside:
    """One document of the OA behind."""

    def __init__(self, stage: Any, request: Any) -> None:
        self._stage, self._db = stage, request.db

    name = "weaver"

    def state(self) -> SimpleNamespace:
        return SimpleNamespace(failure=self._stage.failure)

    def as_of(self, _person_id: int | None = None) -> Any:
        return self._stage.clock.now() - timedelta(minutes=35)

    def refresh(self, _person_id: int | None = None) -> bool:
        self._stage.refreshed += 1
        return not self._stage.failure

    def find(self, public_id: str) -> Item:
        return self._db.scalars(select(Item).where(Item.public_id == public_id)).one()

    def show(self, item: Item) -> SourceDocument:
        return self._stage.document or outside_document(item)

    def act(self, _item: Item, wish: Any) -> None:
        if self._stage.refusal:
            raise self._stage.refusal
        self._stage.wished.append(wish)


def outside_document(item: Item, **changes: Any) -> SourceDocument:
    document = SourceDocument(
        external_id="7001",
        title=item.title,
        step="分管院领导批示",
        node="n5",
        status="",
        urgency=item.urgency,
        starter_name="赵敏",
        started_at=item.started_at,
        visit="1",
        fields=(
            DocumentField("title", "标题", item.title, item.title),
            DocumentField("dept", "来文单位", "", "江北市卫生健康委员会"),
            DocumentField(
                "kind", "办理方式", "1", "传阅", is_editable=True, options=(("1", "传阅"), ("2", "承办"))
            ),
        ),
        details=(DetailTable("附表", ("名称", "数量"), (("一次性手套", "200 盒"), ("口罩", "500 盒"))),),
        files=(DocumentFile("江卫发〔2026〕88号.pdf", external_id="f1", size=120_000),),
        history=(
            HistoryLine(item.started_at, "赵敏", "院办公室", "登记", "提交"),
            HistoryLine(item.started_at, "周主任", "院办公室", "拟办", "同意", "请分管领导批示。"),
        ),
        actions=(
            Action(SourceAct.APPROVE, "批准"),
            Action(SourceAct.RETURN),
            Action(SourceAct.FORWARD, "转发"),
            Action(SourceAct.COMMENT),
        ),
    )
    return replace(document, **changes)
