"""What the OA keeps: users, flows, documents, and who has to do what with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_USER, FIRST_REQUEST = 1001, 50001
OVER = -1


@dataclass(frozen=True)
class User:
    """A user of the OA. ``workcode`` is the staff number."""

    id: int
    workcode: str
    login: str
    name: str
    department: str


@dataclass(frozen=True)
class Field:
    """A field of a form; ``kind`` is e-cology's fieldHtmlType: 1 text, 2 long text, 5 choice, 6 files."""

    name: str
    label: str
    kind: str = "1"
    options: tuple[str, ...] = ()
    is_required: bool = True


@dataclass(frozen=True)
class Node:
    """A step: ``login`` does it, empty for the creator."""

    id: int
    name: str
    login: str = ""


@dataclass(frozen=True)
class Flow:
    """A process; ``readers`` get a copy when it is over."""

    id: int
    name: str
    group: str
    fields: tuple[Field, ...]
    nodes: tuple[Node, ...]
    readers: tuple[str, ...] = ()


@dataclass
class Task:
    """A document on somebody's desk. ``kind``: todo or copy; ``done`` is empty while it lies there."""

    user: int
    node: int
    received: str
    kind: str = "todo"
    done: str = ""
    is_read: bool = False


@dataclass(frozen=True)
class Log:
    """A line of the history; ``remark`` is HTML, as the OA's editor makes it."""

    user: int
    node: int
    act: str
    at: str
    remark: str = ""


@dataclass(frozen=True)
class Attached:
    """A file of a document, kept by the document service."""

    id: int
    name: str
    content: bytes


@dataclass
class Request:
    """A running document; ``step`` is the place in the flow, OVER at the end."""

    id: int
    flow: Flow
    title: str
    creator: int
    created: str
    values: dict[str, str]
    level: str = "0"
    step: int = 0
    tasks: list[Task] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    files: tuple[Attached, ...] = ()

    @property
    def node(self) -> Node:
        return self.flow.nodes[self.step] if self.step != OVER else Node(0, "归档")

    def open_task(self, user: int) -> Task | None:
        """Where it lies on this user's desk, a task before a copy."""
        tasks = [task for task in self.tasks if task.user == user and not task.done]
        return min(tasks, key=lambda task: task.kind != "todo", default=None)


class Refused(Exception):
    """The OA's own word for no."""


class Desk:
    """All documents; the rules of the flows."""

    def __init__(self, users: list[User], flows: tuple[Flow, ...]) -> None:
        self.users = {user.id: user for user in users}
        self.flows = {flow.id: flow for flow in flows}
        self.requests: dict[int, Request] = {}
        self.news: list[tuple[Request, Task]] = []

    def user_of(self, login: str) -> User:
        """The user with this login. Raises KeyError."""
        return next(user for user in self.users.values() if user.login == login)

    def by_workcode(self, workcode: str) -> User | None:
        return next((user for user in self.users.values() if user.workcode == workcode), None)

    def start(self, flow: Flow, title: str, creator: int, values: dict[str, str], now: float) -> Request:
        """A new document, handed on by its creator."""
        number = max(self.requests, default=FIRST_REQUEST - 1) + 1
        request = Request(number, flow, title, creator, moment(now), values)
        self.requests[number] = request
        request.tasks.append(Task(creator, flow.nodes[0].id, request.created, is_read=True))
        self.submit(request, creator, "", now, act="提交")
        return request

    def submit(self, request: Request, user: int, remark: str, now: float, act: str = "批准") -> None:
        """Do the step and hand on. Raises Refused when it does not lie on this desk."""
        task = self._task(request, user)
        self._finish(request, task, act, remark, now)
        if task.kind == "todo":
            self._go(request, request.step + 1, now)

    def reject(self, request: Request, user: int, remark: str, now: float) -> None:
        """Back to the creator."""
        task = self._task(request, user)
        if task.kind != "todo" or request.step == 0:
            raise Refused("failed")
        self._finish(request, task, "退回", remark, now)
        self._go(request, 0, now)

    def comment(self, request: Request, user: int, remark: str, now: float) -> None:
        """An opinion beside the flow."""
        self._log(request, user, request.node.id, "批注", remark, now)

    def forward(self, request: Request, user: int, receivers: list[int], remark: str, now: float) -> None:
        """Copies for others."""
        if not any(task.user == user for task in request.tasks) or not set(receivers) <= set(self.users):
            raise Refused("failed")
        self._log(request, user, request.node.id, "转发", remark, now)
        for receiver in receivers:
            self._lay(request, receiver, request.node.id, now, "copy")

    def read(self, request: Request, user: int, now: float) -> None:
        """Note that it was opened; a copy is done by that."""
        for task in request.tasks:
            if task.user == user:
                task.is_read = True
                if task.kind == "copy" and not task.done:
                    task.done = moment(now)
                    self.news.append((request, task))

    def delete(self, request: Request, user: int) -> bool:
        if request.creator != user or request.step != 0:
            return False
        del self.requests[request.id]
        return True

    def lying(self, user: int, kind: str, *, is_done: bool) -> list[Request]:
        """Documents of a list, the newest first."""
        found: list[tuple[str, int, Request]] = []
        for request in self.requests.values():
            tasks = [task for task in request.tasks if task.user == user and task.kind == kind]
            is_open = any(not task.done for task in tasks)
            if tasks and is_open != is_done:
                found.append((max(task.done or task.received for task in tasks), request.id, request))
        return [request for _at, _id, request in sorted(found, key=lambda row: row[:2], reverse=True)]

    def mine(self, user: int) -> list[Request]:
        rows = [request for request in self.requests.values() if request.creator == user]
        return sorted(rows, key=lambda request: (request.created, request.id), reverse=True)

    def seen_by(self, user: int) -> Iterator[Request]:
        for request in self.requests.values():
            if request.creator == user or any(task.user == user for task in request.tasks):
                yield request

    def _task(self, request: Request, user: int) -> Task:
        task = request.open_task(user)
        if task is None:
            raise Refused("failed")
        return task

    def _finish(self, request: Request, task: Task, act: str, remark: str, now: float) -> None:
        task.done, task.is_read = moment(now), True
        self.news.append((request, task))
        self._log(request, task.user, task.node, act, remark, now)

    def _log(self, request: Request, user: int, node: int, act: str, remark: str, now: float) -> None:
        html = f'<p style="margin:0"><span>{remark}</span></p>' if remark else ""
        request.logs.append(Log(user, node, act, moment(now), html))

    def _go(self, request: Request, step: int, now: float) -> None:
        if step >= len(request.flow.nodes):
            request.step = OVER
            for login in request.flow.readers:
                self._lay(request, self.user_of(login).id, 0, now, "copy")
            return
        request.step = step
        node = request.node
        self._lay(request, self.user_of(node.login).id if node.login else request.creator, node.id, now)

    def _lay(self, request: Request, user: int, node: int, now: float, kind: str = "todo") -> None:
        received = moment(now)
        while any(task.user == user and task.received == received for task in request.tasks):
            now += 1  # the same document comes to the same desk at one moment only once
            received = moment(now)
        task = Task(user, node, received, kind)
        request.tasks.append(task)
        self.news.append((request, task))


def moment(now: float) -> str:
    """Local time without a zone, as e-cology writes it."""
    return datetime.fromtimestamp(now, ZONE).strftime("%Y-%m-%d %H:%M:%S")
