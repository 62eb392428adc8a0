"""The WorkflowService and the DocService of an e-cology."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from .desk import OVER, Desk, Field, Flow, Log, Refused, Request

Json = dict[str, Any]
BOXES = {
    "ToDo": ("todo", False),
    "Hendled": ("todo", True),
    "CC": ("copy", False),
    "ToBeRead": ("copy", False),
}
SESSION = "doc-session"


class WeaverOffice:
    """Operations by name; ``now`` gives epoch seconds."""

    def __init__(self, desk: Desk, now: Callable[[], float]) -> None:
        self._desk = desk
        self._now = now

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """The result of an operation, in the shape of the contract."""
        if name.endswith(("WorkflowRequestList", "WorkflowRequestCount")):
            return self._box(name, arguments)
        return getattr(self, f"_{name}")(*arguments)

    def _box(self, name: str, arguments: tuple[Any, ...]) -> Any:
        box = (
            name.removeprefix("get")
            .removesuffix("List")
            .removesuffix("Count")
            .removesuffix("WorkflowRequest")
        )
        is_count = name.endswith("Count")
        user, conditions = arguments[:2] if is_count else arguments[3:5]
        rows = [row for row in self._rows(box, user) if _fits(row, conditions)]
        if is_count:
            return len(rows)
        page, size = max(arguments[0], 1), max(arguments[1], 1)
        shown = rows[(page - 1) * size : page * size]
        return {"WorkflowRequestInfo": [self._line(row, user, box) for row in shown]}

    def _rows(self, box: str, user: int) -> list[Request]:
        if box in BOXES:
            kind, is_done = BOXES[box]
            return self._desk.lying(user, kind, is_done=is_done)
        if box == "All":
            return list(self._desk.seen_by(user))
        if box == "Processed":
            return [row for row in self._desk.lying(user, "todo", is_done=True) if row.step == OVER]
        return [row for row in self._desk.mine(user) if box == "My" or row.step != OVER]

    def _getWorkflowRequest(self, number: int, user: int, _from: int) -> Json | None:
        request = self._desk.requests.get(number)
        if request is None or request not in self._desk.seen_by(user):
            return None
        return self._whole(request, user)

    def _getWorkflowRequest4Split(self, number: int, user: int, came_from: int, _size: int) -> Json | None:
        return self._getWorkflowRequest(number, user, came_from)

    def _getWorkflowRequestLogs(self, _flow: str, number: str, user: int, size: int, end: int) -> Json:
        request = self._desk.requests.get(int(number))
        logs = request.logs if request and request in self._desk.seen_by(user) else []
        rows = [self._log(at, log) for at, log in enumerate(logs, 1)]
        rows = [row for row in reversed(rows) if not end or int(row["id"]) < end]
        return {"WorkflowRequestLog": rows[:size]}

    def _getCreateWorkflowTypeList(
        self, _page: int, _size: int, _count: int, _user: int, _found: Any
    ) -> Json:
        groups = sorted({flow.group for flow in self._desk.flows.values()})
        return {
            "WorkflowBaseInfo": [
                {"workflowTypeId": str(at), "workflowTypeName": group} for at, group in enumerate(groups)
            ]
        }

    def _getCreateWorkflowTypeCount(self, _user: int, _found: Any) -> int:
        return len({flow.group for flow in self._desk.flows.values()})

    def _getCreateWorkflowList(
        self, page: int, size: int, _count: int, _kind: int, _user: int, _found: Any
    ) -> Json:
        flows = list(self._desk.flows.values())[(max(page, 1) - 1) * size : max(page, 1) * size]
        return {"WorkflowBaseInfo": [_base(flow) for flow in flows]}

    def _getCreateWorkflowCount(self, _user: int, _kind: int, _found: Any) -> int:
        return len(self._desk.flows)

    def _getCreateWorkflowRequestInfo(self, flow_id: int, user: int) -> Json | None:
        flow = self._desk.flows.get(flow_id)
        if flow is None:
            return None
        return {
            "workflowBaseInfo": _base(flow),
            "requestName": flow.name,
            "creatorId": str(user),
            "workflowMainTableInfo": _table(flow, {}, is_open=True),
            "submitButtonName": "提交",
            "canEdit": True,
        }

    def _doCreateWorkflowRequest(self, info: Any, user: int) -> str:
        flow = self._desk.flows.get(int(info.workflowBaseInfo.workflowId or 0))
        if flow is None or user not in self._desk.users:
            return "-2"
        values = _values(info)
        if any(field.is_required and not values.get(field.name) for field in flow.fields):
            return "-7"
        request = self._desk.start(flow, info.requestName or flow.name, user, values, self._now())
        request.level = info.requestLevel or "0"
        return str(request.id)

    def _submitWorkflowRequest(self, info: Any, number: int, user: int, act: str, remark: str | None) -> str:
        request = self._desk.requests.get(number)
        if request is None:
            return "failed"
        try:
            if act == "reject":
                self._desk.reject(request, user, remark or "", self._now())
            elif act in ("submit", "subnoback", "subback"):
                self._desk.submit(request, user, remark or "", self._now())
                request.values |= _values(info)
            else:
                return "failed"
        except Refused:
            return "failed"
        return "success"

    def _forwardWorkflowRequest(
        self, number: int, receivers: str, remark: str | None, user: int, _ip: str
    ) -> str:
        request = self._desk.requests.get(number)
        try:
            ids = [int(one) for one in receivers.split(",") if one]
            if request is None:
                return "failed"
            self._desk.forward(request, user, ids, remark or "", self._now())
        except (Refused, ValueError):
            return "failed"
        return "success"

    def _givingOpinions(self, number: int, user: int, remark: str | None) -> str:
        request = self._desk.requests.get(number)
        if request is None or request not in self._desk.seen_by(user):
            return "failed"
        self._desk.comment(request, user, remark or "", self._now())
        return "success"

    def _doForceOver(self, _number: int, _user: int) -> str:
        return "failed"

    def _writeWorkflowReadFlag(self, number: str, user: str) -> None:
        request = self._desk.requests.get(int(number))
        if request is not None:
            self._desk.read(request, int(user), self._now())

    def _getWorkflowNewFlag(self, numbers: Any, user: str) -> Json:
        rows = [self._desk.requests.get(int(number)) for number in (numbers.string if numbers else ())]
        return {"string": ["1" if row and _is_new(row, int(user)) else "0" for row in rows]}

    def _getUserId(self, column: str, value: str) -> str:
        user = self._desk.by_workcode(value) if column == "workcode" else None
        return str(user.id) if user else "-1"

    def _deleteRequest(self, number: int, user: int) -> bool:
        request = self._desk.requests.get(number)
        return request is not None and self._desk.delete(request, user)

    def _login(self, login: str, password: str, _kind: int, _ip: str) -> str:
        return SESSION if login and password else ""

    def _getDoc(self, number: int, session: str) -> Json | None:
        if session != SESSION:
            return None
        for request in self._desk.requests.values():
            for file in request.files:
                if file.id == number:
                    content = base64.b64encode(file.content).decode()
                    part = {"docid": file.id, "filename": file.name, "filecontent": content, "filetype": "2"}
                    return {"id": file.id, "docSubject": file.name, "attachments": {"DocAttachment": [part]}}
        return None

    def _line(self, request: Request, user: int, box: str = "") -> Json:
        tasks = [task for task in request.tasks if task.user == user]
        if box in BOXES:
            tasks = [task for task in tasks if task.kind == BOXES[box][0]]
        last = request.logs[-1] if request.logs else None
        return {
            "requestId": str(request.id),
            "requestName": request.title,
            "requestLevel": request.level,
            "status": request.node.name,
            "currentNodeId": str(request.node.id),
            "currentNodeName": request.node.name,
            "creatorId": str(request.creator),
            "creatorName": self._desk.users[request.creator].name,
            "createTime": request.created,
            "receiveTime": max((task.received for task in tasks), default=request.created),
            "lastOperateTime": last.at if last else request.created,
            "lastOperatorName": self._desk.users[last.user].name if last else "",
            "workflowBaseInfo": _base(request.flow),
            "canView": True,
        }

    def _whole(self, request: Request, user: int) -> Json:
        task = request.open_task(user)
        is_todo = task is not None and task.kind == "todo"
        rows = [self._log(at, log) for at, log in enumerate(request.logs, 1)]
        return {
            **self._line(request, user),
            **({"receiveTime": task.received} if task else {}),
            "canEdit": is_todo,
            "submitButtonName": ("批准" if request.step else "提交") if is_todo else "",
            "rejectButtonName": "退回" if is_todo and request.step else "",
            "forwardButtonName": "转发",
            "mustInputRemark": False,
            "needAffirmance": False,
            "workflowMainTableInfo": _table(
                request.flow, request.values, is_open=is_todo and not request.step, files=request
            ),
            "workflowRequestLogs": {"WorkflowRequestLog": rows[::-1]},
            "workflowPhrases": {"ArrayOfString": [{"string": ["同意", "同意。"]}]},
        }

    def _log(self, number: int, log: Log) -> Json:
        user = self._desk.users[log.user]
        names = {node.id: node.name for flow in self._desk.flows.values() for node in flow.nodes}
        return {
            "id": str(number),
            "nodeId": str(log.node),
            "nodeName": names.get(log.node, "归档"),
            "operateDate": log.at[:10],
            "operateTime": log.at[11:],
            "operateType": log.act,
            "operatorId": str(user.id),
            "operatorName": user.name,
            "operatorDept": user.department,
            "remark": log.remark,
        }


def _fits(request: Request, conditions: Any) -> bool:
    words = [text for text in (conditions.string if conditions else ()) if text and "like" in text]
    return all(word.split("%")[1] in request.title for word in words if word.count("%") == 2)


def _is_new(request: Request, user: int) -> bool:
    return any(task.user == user and not task.is_read for task in request.tasks)


def _base(flow: Flow) -> Json:
    return {
        "workflowId": str(flow.id),
        "workflowName": flow.name,
        "workflowTypeName": flow.group,
        "workflowTypeId": flow.group,
    }


def _table(flow: Flow, values: dict[str, str], *, is_open: bool, files: Request | None = None) -> Json:
    fields = [_field(at, one, values.get(one.name, ""), is_open, files) for at, one in enumerate(flow.fields)]
    record = {"recordOrder": 0, "workflowRequestTableFields": {"WorkflowRequestTableField": fields}}
    return {
        "tableDBName": f"formtable_main_{flow.id}",
        "requestRecords": {"WorkflowRequestTableRecord": [record]},
    }


def _field(at: int, one: Field, value: str, is_open: bool, files: Request | None) -> Json:
    shown = ",".join(file.name for file in files.files) if files and one.kind == "6" else value
    return {
        "fieldId": str(6000 + at),
        "fieldName": one.name,
        "fieldShowName": one.label,
        "fieldValue": value,
        "fieldShowValue": shown,
        "fieldHtmlType": one.kind,
        "fieldType": "1",
        "fieldOrder": at,
        "view": True,
        "edit": is_open,
        "mand": one.is_required,
        "selectnames": {"string": list(one.options)},
        "selectvalues": {"string": list(one.options)},
    }


def _values(info: Any) -> dict[str, str]:
    table = info.workflowMainTableInfo if info is not None else None
    records = table.requestRecords.WorkflowRequestTableRecord if table and table.requestRecords else []
    fields = [field for row in records for field in row.workflowRequestTableFields.WorkflowRequestTableField]
    return {field.fieldName: field.fieldValue for field in fields if field.fieldName and field.fieldValue}
