"""The connector to an EKP: its to-do and review services. They give no form: the document is the EKP's own page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from zeep import xsd

from xinglin.api.services import Clock, NotFound
from xinglin_documents.models import Item, Urgency
from xinglin_documents.service.connectors.errors import (
    ActRefused,
    AlreadyHandled,
    NotKnownThere,
    SourceDown,
    Trouble,
)
from xinglin_documents.service.connectors.line import Line
from xinglin_documents.service.connectors.plain import plain, whole
from xinglin_documents.service.connectors.reading import readable
from xinglin_documents.service.connectors.users import UserBook
from xinglin_documents.service.connectors.weaver_reading import moment
from xinglin_documents.service.port import (
    Action,
    Capability,
    DocumentFile,
    ListedItem,
    SourceAct,
    SourceBox,
    SourceDocument,
    Template,
    Wish,
)

NAME = "landray"
PAGE = 50
MODEL = "com.landray.kmss.km.review.model.KmReviewMain"
TYPE_OF = {SourceBox.TO_DO: 1, SourceBox.TO_READ: 2}
OPERATION = {SourceAct.APPROVE: "handler_pass", SourceAct.RETURN: "handler_refuse"}
OK = 2
_NS = "{http://sys.webservice.client}"
_HEADER = xsd.Element(
    f"{_NS}RequestSOAPHeader",
    xsd.ComplexType([xsd.Element(f"{_NS}user", xsd.String()), xsd.Element(f"{_NS}password", xsd.String())]),
)


def header_of(user: str, password: str) -> list[Any]:
    """The SOAP header by which an EKP knows its callers; MD5 is its rule, and TLS must protect it."""
    digest = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    return [_HEADER(user=user, password=digest)]


class LandraySource:
    """`notify` and `review` are lines to the two services; persons are named by staff number."""

    name = NAME
    capabilities = frozenset({Capability.LIST, Capability.SHOW, Capability.ACT, Capability.READ_MARK})

    def __init__(self, notify: Line, review: Line, users: UserBook, clock: Clock, zone: ZoneInfo) -> None:
        self._notify = notify
        self._review = review
        self._users = users
        self._clock = clock
        self._zone = zone

    def counts(self, person_id: int) -> Mapping[SourceBox, int]:
        target = self._target(person_id)
        found = {}
        for box, number in TYPE_OF.items():
            text = self._message("getTodoCount", {"target": target, "types": {"type": [number]}})
            found[box] = int(text) if text.isdecimal() else 0
        return found

    def list(self, person_id: int, box: SourceBox, *, page: int, query: str = "") -> Sequence[ListedItem]:
        if box not in TYPE_OF:
            raise NotFound("")
        lines = readable(self._docs(person_id, TYPE_OF[box], page), self._listed)
        return [line for line in {line.external_id: line for line in lines}.values() if query in line.title]

    def show(self, person_id: int, item: Item) -> SourceDocument:
        """What its to-do says; the rest is behind `link`. Not in her lists: nothing to do."""
        for number in TYPE_OF.values():
            page = 1
            while docs := self._docs(person_id, number, page):
                for doc in docs:
                    if str(doc.get("modelId")) == item.external_id:
                        return self._document(self._listed(doc), item, is_todo=number == 1)
                page += 1
                if len(docs) < PAGE:
                    break
        return self._document(None, item, is_todo=False)

    def act(self, person_id: int, item: Item, wish: Wish) -> None:
        shown = self.show(person_id, item)
        target = self._target(person_id)
        if wish.act is SourceAct.MARK_READ:
            context = {"modelName": MODEL, "modelId": item.external_id, "optType": 2, "targets": target}
            answer = self._notify.write("setTodoDone", context)
            if answer is None or answer.returnState != OK:
                raise ActRefused(plain(answer.message if answer else ""))
            return
        if wish.act not in OPERATION:
            raise NotFound("")
        if shown.node != wish.node or all(action.act is not wish.act for action in shown.actions):
            raise AlreadyHandled
        flow = {"auditNote": wish.opinion, "operationType": OPERATION[wish.act]}
        form = {
            "fdId": item.external_id,
            "docCreator": target,
            "flowParam": json.dumps(flow, ensure_ascii=False),
        }
        if not self._review.write("approveProcess", form):
            raise ActRefused

    def templates(self, person_id: int) -> Sequence[Template]:
        raise NotFound("")

    def new_form(self, person_id: int, template: str) -> SourceDocument:
        raise NotFound("")

    def create(self, person_id: int, template: str, title: str, values: Mapping[str, str]) -> str:
        raise NotFound("")

    def fetch_file(self, person_id: int, item: Item, file: DocumentFile) -> BinaryIO:
        raise NotFound("")

    def _docs(self, person_id: int, number: int, page: int) -> Sequence[dict[str, Any]]:
        context = {"targets": self._target(person_id), "type": number, "rowSize": PAGE, "pageNo": page}
        try:
            docs = json.loads(self._message("getTodo", context) or "{}").get("docs", [])
            return [doc for doc in docs if isinstance(doc, dict) and doc.get("modelId")]
        except (ValueError, AttributeError):
            raise SourceDown(Trouble.UNREADABLE) from None

    def _message(self, operation: str, context: dict[str, Any]) -> str:
        answer = self._notify.read(operation, context)
        if answer is None or answer.returnState != OK:
            raise NotKnownThere
        return str(answer.message or "")

    def _target(self, person_id: int) -> str:
        return json.dumps({"PersonNo": self._users.id_of(person_id)})

    def _listed(self, doc: dict[str, Any]) -> ListedItem:
        arrived = moment(str(doc.get("createTime", "")), self._zone) or self._clock.now()
        return ListedItem(
            external_id=whole(str(doc["modelId"]))[:64],
            title=plain(str(doc.get("subject", ""))),
            process_title=plain(str(doc.get("moduleName", ""))),
            step=plain(str(doc.get("nodeName", ""))),
            starter_name=plain(str(doc.get("creatorName", ""))),
            started_at=arrived,
            arrived_at=arrived,
            node=plain(str(doc.get("nodeName", "")))[:64],
            link=str(doc.get("link", "")),
        )

    def _document(self, line: ListedItem | None, item: Item, *, is_todo: bool) -> SourceDocument:
        actions = (Action(SourceAct.APPROVE), Action(SourceAct.RETURN, needs_opinion=True)) if is_todo else ()
        arrived: datetime | None = line.arrived_at if line else None
        return SourceDocument(
            external_id=item.external_id,
            title=line.title if line else item.title,
            step=line.step if line else item.step,
            node=line.node if line else "",
            status=line.step if line else "",
            urgency=Urgency.NORMAL,
            starter_name=line.starter_name if line else item.starter_name,
            started_at=item.started_at,
            visit=arrived.isoformat() if arrived else "",
            actions=actions,
            link=line.link if line else "",
        )
