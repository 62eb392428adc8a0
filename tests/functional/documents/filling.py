"""A process with every kind of field, and the neighbours of forms made small: definitions and what starts a document."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from xinglin.api.people import AudienceService
from xinglin.api.security import current
from xinglin_documents.models import Item, Process
from xinglin_documents.service.engine.definition import (
    Choice,
    Definition,
    FieldKind,
    FormField,
    Official,
    Right,
    SignNode,
)
from xinglin_documents.service.forms.drafts import DraftService
from xinglin_documents.service.forms.starting import StartingService

ROWS = FormField(
    "items",
    "采购明细",
    FieldKind.ROWS,
    title_en="Items",
    is_required=True,
    most=5,
    columns=(
        FormField("name", "名称", FieldKind.TEXT, is_required=True, max_length=60),
        FormField("count", "数量", FieldKind.NUMBER, is_required=True, min=1),
        FormField("amount", "金额（元）", FieldKind.MONEY, is_required=True, min=0),
    ),
)
FORM = (
    FormField("title", "采购事项", FieldKind.TEXT, title_en="Subject", is_required=True, max_length=80),
    FormField(
        "type",
        "采购类别",
        FieldKind.CHOICE,
        is_required=True,
        choices=(Choice("equipment", "医疗设备", "Equipment"), Choice("supplies", "医用耗材", "Supplies")),
    ),
    ROWS,
    FormField("total", "合计（元）", FieldKind.MONEY, total_of="items.amount"),
    FormField("reason", "采购理由", FieldKind.LONG_TEXT, max_length=2000, hint="写明用途和现有数量。"),
    FormField("needed", "需要日期", FieldKind.DATE),
    FormField("meeting", "论证时间", FieldKind.MOMENT),
    FormField("buyer", "经办人", FieldKind.PERSON),
    FormField("readers", "抄送", FieldKind.PERSONS, most=3),
    FormField("department", "归口科室", FieldKind.DEPARTMENT),
    FormField("budget", "预算内", FieldKind.YES_NO),
    FormField(
        "ways",
        "采购方式",
        FieldKind.CHOICES,
        choices=(Choice("tender", "招标"), Choice("direct", "直接采购")),
    ),
    FormField("quotes", "报价材料", FieldKind.FILES, most=2),
    FormField("fund", "经费来源", FieldKind.TEXT),
)
PURCHASE = Definition(
    key="purchase",
    version=1,
    title="采购申请",
    title_en="Purchase",
    nodes=(
        SignNode("finance", "财务科", fields={"fund": Right.EDIT, "quotes": Right.EDIT, "buyer": Right.HIDE}),
    ),
    form=FORM,
    start_fields={"fund": Right.HIDE},
)
OUTGOING = replace(
    PURCHASE, key="outgoing", title="发文", title_en="Outgoing", form=FORM[:1], official=Official("outgoing")
)
DEFINITIONS = {one.key: one for one in (PURCHASE, OUTGOING)}


class Definitions:
    """Everybody may start both."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def live(self, key: str) -> Definition:
        return DEFINITIONS[key]

    def of(self, instance: Any) -> Definition:
        return PURCHASE

    def startable(self, person_id: int) -> list[Process]:
        return list(self._session.scalars(select(Process).order_by(Process.sort_order)))


@dataclass
class Sent:
    """What the flow was given."""

    values: dict[str, Any]
    files: dict[str, tuple[str, ...]]
    secrecy: str
    urgency: str
    audience: str


@dataclass
class Starter:
    """Writes the item and remembers the rest."""

    session: Any
    clock: Any
    log: list[Sent] = field(default_factory=list)

    def start(self, process_key, values, *, files, secrecy, urgency, audience):
        terms = AudienceService(self.session, self.clock).describe(audience) if audience else ""
        self.log.append(Sent(dict(values), dict(files), secrecy, urgency, terms))
        now = self.clock.now()
        item = Item(external_id="x", title=values["title"], started_at=now, changed_at=now)
        self.session.add(item)
        self.session.flush()
        item.external_id = item.public_id
        return item


def install(portal: Any) -> list[Sent]:
    """Let the portal's forms work with them; the list of what is sent from now on."""
    log: list[Sent] = []

    def factory(context: Any, request: Any) -> StartingService:
        return StartingService(
            request.db,
            Definitions(request.db),
            Starter(request.db, request.clock, log),
            request.service(DraftService),
            request.service(AudienceService),
            current(request).id,
        )

    portal.wsgi.registry.xinglin_services[StartingService] = factory
    return log


def add_processes(session: Any) -> None:
    for order, one in enumerate(DEFINITIONS.values()):
        session.add(
            Process(
                key=one.key,
                title=one.title,
                title_en=one.title_en,
                category="物资" if order else "公文",
                sort_order=order,
            )
        )
