"""The connector to an e-cology: its WorkflowService, and its DocService for files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from xinglin.api.services import Clock, NotFound
from xinglin_documents.models import Item
from xinglin_documents.service.connectors.errors import ActRefused, AlreadyHandled, SourceDown, Trouble
from xinglin_documents.service.connectors.line import Line
from xinglin_documents.service.connectors.plain import markup
from xinglin_documents.service.connectors.reading import readable
from xinglin_documents.service.connectors.users import UserBook
from xinglin_documents.service.connectors.weaver_reading import changed_fields, document, listed
from xinglin_documents.service.port import (
    Capability,
    DocumentFile,
    ListedItem,
    SourceAct,
    SourceBox,
    SourceDocument,
    Template,
    Wish,
)

NAME = "weaver"
PAGE = 50
OF_BOX = {
    SourceBox.TO_DO: "ToDo",
    SourceBox.DONE: "Hendled",  # the misspelling is in the contract
    SourceBox.TO_READ: "CC",
    SourceBox.STARTED: "My",
}
SUBMIT = {SourceAct.APPROVE: "submit", SourceAct.RETURN: "reject"}
DONE = frozenset({"success", "true", "1"})


class WeaverSource:
    """`workflow` and `files` are lines to the two services; `login` and `password` are of the technical user for files."""

    name = NAME
    capabilities = frozenset(Capability) - {Capability.CHANGES}

    def __init__(
        self,
        workflow: Line,
        files: Line,
        users: UserBook,
        clock: Clock,
        zone: ZoneInfo,
        login: tuple[str, str],
    ) -> None:
        self._workflow = workflow
        self._files = files
        self._users = users
        self._clock = clock
        self._zone = zone
        self._login = login

    def counts(self, person_id: int) -> Mapping[SourceBox, int]:
        user = self._user(person_id)
        ask = self._workflow.read
        return {
            box: int(ask(f"get{word}WorkflowRequestCount", user, None) or 0) for box, word in OF_BOX.items()
        }

    def list(self, person_id: int, box: SourceBox, *, page: int, query: str = "") -> Sequence[ListedItem]:
        """At most 50 lines. The words of `query` are looked for here: the OA would put them into its SQL."""
        if box not in OF_BOX:
            raise NotFound("")
        operation = f"get{OF_BOX[box]}WorkflowRequestList"
        infos = self._workflow.read(operation, page, PAGE, 0, self._user(person_id), None) or []
        found = {line.external_id: line for line in readable(infos, self._listed)}
        return [line for line in found.values() if query in line.title]

    def show(self, person_id: int, item: Item) -> SourceDocument:
        return document(self._info(person_id, item.external_id), self._zone)

    def act(self, person_id: int, item: Item, wish: Wish) -> None:
        """Do it once, after a look whether it still lies at that node."""
        user, number = int(self._user(person_id)), int(item.external_id)
        self._still_there(person_id, item, wish)
        remark = markup(wish.opinion)
        if wish.act in SUBMIT:
            info = {"requestId": item.external_id, "remark": remark}
            info["workflowMainTableInfo"] = changed_fields(dict(wish.values))  # type: ignore[assignment]
            answer = self._workflow.write(
                "submitWorkflowRequest", info, number, user, SUBMIT[wish.act], remark
            )
        elif wish.act is SourceAct.FORWARD:
            receivers = ",".join(self._users.ids_of(wish.persons))
            answer = self._workflow.write("forwardWorkflowRequest", number, receivers, remark, user, "")
        elif wish.act is SourceAct.COMMENT:
            answer = self._workflow.write("givingOpinions", number, user, remark)
        elif wish.act is SourceAct.MARK_READ:
            self._workflow.write("writeWorkflowReadFlag", str(number), str(user))
            return
        else:
            raise NotFound("")
        if str(answer or "").strip().lower() not in DONE:
            raise ActRefused(str(answer or ""))

    def templates(self, person_id: int) -> Sequence[Template]:
        bases = self._workflow.read("getCreateWorkflowList", 1, 200, 0, 0, self._user(person_id), None) or []
        return [
            Template(str(base.workflowId), base.workflowName or "", base.workflowTypeName or "")
            for base in bases
        ]

    def new_form(self, person_id: int, template: str) -> SourceDocument:
        """Only of what it lists for her: asked for the form of another flow, an e-cology gives an empty one."""
        if all(known.key != template for known in self.templates(person_id)):
            raise NotFound("")
        info = self._workflow.read("getCreateWorkflowRequestInfo", int(template), self._user(person_id))
        if info is None:
            raise NotFound("")
        return document(info, self._zone)

    def create(self, person_id: int, template: str, title: str, values: Mapping[str, str]) -> str:
        user = self._user(person_id)
        info: dict[str, Any] = {
            "requestName": title,
            "requestLevel": "0",
            "creatorId": user,
            "workflowBaseInfo": {"workflowId": template},
            "workflowMainTableInfo": changed_fields(dict(values)),
        }
        answer = str(self._workflow.write("doCreateWorkflowRequest", info, int(user)) or "").strip()
        if not answer.isdecimal():
            raise ActRefused(answer)
        return answer

    def fetch_file(self, person_id: int, item: Item, file: DocumentFile) -> BinaryIO:
        """The content, after a look whether the OA shows this file to this person in this document."""
        if all(known.external_id != file.external_id for known in self.show(person_id, item).files):
            raise NotFound("")
        session = self._files.read("login", *self._login, 0, "")
        found = self._files.read("getDoc", int(file.external_id), session) if session else None
        parts = found.attachments.DocAttachment if found is not None and found.attachments else []
        if not parts or not parts[0].filecontent:
            raise SourceDown(Trouble.UNREADABLE)
        try:
            return BytesIO(base64.b64decode(parts[0].filecontent, validate=False))
        except binascii.Error:
            raise SourceDown(Trouble.UNREADABLE) from None

    def _still_there(self, person_id: int, item: Item, wish: Wish) -> None:
        if wish.act not in SUBMIT:
            return
        shown = self.show(person_id, item)
        if shown.node != wish.node or all(action.act is not wish.act for action in shown.actions):
            raise AlreadyHandled

    def _info(self, person_id: int, number: str) -> Any:
        if not number.isdecimal():
            raise NotFound("")
        info = self._workflow.read("getWorkflowRequest", int(number), self._user(person_id), 0)
        if info is None or not info.requestId:
            raise NotFound("")
        return info

    def _listed(self, info: Any) -> ListedItem:
        return listed(info, self._zone, self._clock.now())

    def _user(self, person_id: int) -> str:
        return self._users.id_of(person_id)


def find_user(line: Line, column: str, staff_no: str) -> str | None:
    """The OA's id of the user with this staff number in its field `column`."""
    found = str(line.read("getUserId", column, staff_no) or "").strip()
    return found if found.isdecimal() and int(found) > 0 else None
