"""The to-do and review services of an EKP, over the same desk."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from .desk import Desk, Refused, Request, User
from .soap import SoapRefused

Json = dict[str, Any]
NONE, FAILED, OK = 0, 1, 2
MODEL = "com.landray.kmss.km.review.model.KmReviewMain"


class LandrayOffice:
    """Operations by name; ``user`` and ``password`` are those of the caller's SOAP header (the password as MD5)."""

    def __init__(self, desk: Desk, now: Callable[[], float], user: str, password: str) -> None:
        self._desk = desk
        self._now = now
        self._user = user
        self._digest = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()

    def call(self, name: str, arguments: tuple[Any, ...], header: dict[str, str]) -> Any:
        """The result of an operation. Raises SoapRefused for a caller that is not known."""
        is_known = header.get("user") == self._user
        if not is_known or not hmac.compare_digest(header.get("password", "").lower(), self._digest):
            raise SoapRefused("authentication failed")
        return getattr(self, f"_{name}")(*arguments)

    def _getTodo(self, wanted: Any) -> Json:
        user = self._person(wanted.targets)
        if user is None:
            return {"returnState": FAILED, "message": "unknown target"}
        rows = self._rows(user, wanted.type)
        size, page = wanted.rowSize or 20, max(wanted.pageNo or 1, 1)
        shown = rows[(page - 1) * size : page * size]
        body = {"count": len(rows), "pageno": page, "docs": [self._line(row, user) for row in shown]}
        return {"returnState": OK, "message": json.dumps(body, ensure_ascii=False)}

    def _getTodoCount(self, wanted: Any) -> Json:
        user = self._person(wanted.target)
        if user is None:
            return {"returnState": FAILED, "message": "unknown target"}
        kinds = list(wanted.types.type) if wanted.types else [0]
        return {"returnState": OK, "message": str(sum(len(self._rows(user, kind)) for kind in kinds))}

    def _sendTodo(self, _context: Any) -> Json:
        return {"returnState": OK, "message": ""}

    _updateTodo = _sendTodo
    _deleteTodo = _sendTodo

    def _setTodoDone(self, context: Any) -> Json:
        user, request = self._person(context.targets), self._request(context.modelId)
        if user is None or request is None:
            return {"returnState": FAILED, "message": "no such todo"}
        self._desk.read(request, user.id, self._now())
        return {"returnState": OK, "message": ""}

    def _addReview(self, form: Any) -> str:
        user, flow = self._person(form.docCreator), self._desk.flows.get(int(form.fdTemplateId or 0))
        if user is None or flow is None:
            raise SoapRefused("no such template or person", "Server")
        values = {name: str(value) for name, value in json.loads(form.formValues or "{}").items()}
        return str(self._desk.start(flow, form.docSubject or flow.name, user.id, values, self._now()).id)

    def _approveProcess(self, form: Any) -> str:
        user, request = self._person(form.docCreator), self._request(form.fdId)
        asked = json.loads(form.flowParam or "{}")
        if user is None or request is None:
            raise SoapRefused("no such process", "Server")
        remark, kind = asked.get("auditNote", ""), asked.get("operationType", "")
        try:
            if kind == "handler_pass":
                self._desk.submit(request, user.id, remark, self._now())
            elif kind == "handler_refuse":
                self._desk.reject(request, user.id, remark, self._now())
            else:
                raise SoapRefused(f"operationType {kind!r}", "Server")
        except Refused as error:
            raise SoapRefused("the node is not the person's any more", "Server") from error
        return str(request.id)

    def _updateReviewInfo(self, form: Any) -> str:
        return str(form.fdId or "")

    _discardReviewInfo = _updateReviewInfo

    def _rows(self, user: User, kind: int | None) -> list[Request]:
        """Type 1: to decide, 2: to read, else both."""
        kinds = {1: ["todo"], 2: ["copy"]}.get(kind or 0, ["todo", "copy"])
        return [row for one in kinds for row in self._desk.lying(user.id, one, is_done=False)]

    def _line(self, request: Request, user: User) -> Json:
        task = request.open_task(user.id)
        return {
            "id": f"{request.id}-{user.id}",
            "appName": "OA",
            "modelName": MODEL,
            "modelId": str(request.id),
            "moduleName": request.flow.name,
            "subject": request.title,
            "type": "1" if task and task.kind == "todo" else "2",
            "link": f"/km/review/km_review_main/kmReviewMain.do?method=view&fdId={request.id}",
            "createTime": task.received if task else request.created,
            "creatorName": self._desk.users[request.creator].name,
            "nodeName": request.node.name,
        }

    def _request(self, number: str | None) -> Request | None:
        return self._desk.requests.get(int(number)) if number and number.isdigit() else None

    def _person(self, target: str | None) -> User | None:
        """EKP names people by JSON such as {"PersonNo": "10021"} or {"LoginName": "x"}."""
        try:
            named = json.loads(target or "{}")
        except ValueError:
            return None
        if "PersonNo" in named:
            return self._desk.by_workcode(str(named["PersonNo"]))
        users = self._desk.users.values()
        return next((user for user in users if user.login == named.get("LoginName")), None)
