"""The HTTP side of the OA: its services, their faults, and the control interface."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from aiohttp import web

from xinglin_simulators.clock import Clock
from xinglin_simulators.faults import Fault, FaultBook
from xinglin_simulators.settings import OaSettings

from . import moods
from .desk import Refused, Request
from .landray import LandrayOffice
from .soap import Call, Contract, SoapRefused, fault
from .stories import open_desk
from .telling import Teller
from .weaver import WeaverOffice

MAX_REQUEST_BYTES = 8 << 20
SERVICES = {
    "/services/WorkflowService": "weaver-workflow",
    "/services/DocService": "weaver-doc",
    "/sys/webservice/sysNotifyTodoWebService": "landray-notify",
    "/sys/webservice/kmReviewWebserviceService": "landray-review",
}
Json = dict[str, Any]


class OldOffice:
    """One running OA."""

    def __init__(self, settings: OaSettings, clock: Clock) -> None:
        self._settings = settings
        self.clock = clock
        self.faults = FaultBook()
        self.calls: Counter[str] = Counter()
        self.contracts = {path: Contract(name) for path, name in SERVICES.items()}
        self.telling: set[asyncio.Task[None]] = set()
        self.reset()

    def reset(self) -> None:
        """As it was found at the beginning."""
        self.faults.clear()
        self.calls.clear()
        self.desk = open_desk(self.clock.now())
        self.teller = Teller(self._settings.push_url, self._settings.push_secret)
        self._weaver = WeaverOffice(self.desk, self.clock.now)
        settings = self._settings
        self._landray = LandrayOffice(
            self.desk, self.clock.now, settings.landray_user, settings.landray_password
        )

    def do(self, path: str, call: Call) -> Any:
        """Carry a call out."""
        self.calls[call.name] += 1
        if path.startswith("/sys/"):
            return self._landray.call(call.name, call.arguments, call.header)
        return self._weaver.call(call.name, call.arguments)

    def tell(self) -> None:
        """Let the news go out beside the answer."""
        task = asyncio.create_task(self.teller.tell(self.desk, self.clock.now()))
        self.telling.add(task)
        task.add_done_callback(self.telling.discard)


OFFICE: web.AppKey[OldOffice] = web.AppKey("office", OldOffice)


async def _service(request: web.Request) -> web.StreamResponse:
    office, contract = request.app[OFFICE], request.app[OFFICE].contracts[request.path]
    if request.method == "GET":
        return web.Response(text=contract.text(str(request.url.with_query(None))), content_type="text/xml")
    try:
        call = contract.read(await request.read())
    except SoapRefused as error:
        return _xml(fault(str(error), error.code), 500)
    rules = office.faults.take(call.name)
    response = await moods.before(rules, request)
    if response is not None:
        return response
    try:
        result = office.do(request.path, call)
        body, status = contract.answer(call.name, moods.changed(rules, result)), 200
    except SoapRefused as error:
        body, status = fault(str(error), error.code), 500
    office.tell()
    return await moods.after(rules, request, body) or _xml(body, status)


def _xml(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": "text/xml; charset=utf-8"})


def _row(office: OldOffice, request: Request) -> Json:
    users = office.desk.users
    return {
        "id": request.id,
        "title": request.title,
        "flow": request.flow.name,
        "node": request.node.name,
        "values": request.values,
        "waits_for": [users[task.user].login for task in request.tasks if not task.done],
        "logs": [
            {"who": users[log.user].login, "act": log.act, "at": log.at, "remark": log.remark}
            for log in request.logs
        ],
    }


async def _state(request: web.Request) -> web.Response:
    office = request.app[OFFICE]
    rows = [_row(office, one) for one in office.desk.requests.values()]
    return web.json_response(
        {
            "requests": rows,
            "calls": office.calls,
            "told": office.teller.rows(),
            "faults": [asdict(rule) for rule in office.faults.rules()],
        }
    )


def _create(office: OldOffice, body: Json) -> Json:
    """POST requests {flow, title, creator, values}: a new document, so a new to-do at its next node."""
    flow = office.desk.flows[int(body["flow"])]
    creator = office.desk.user_of(body["creator"]).id
    request = office.desk.start(flow, body["title"], creator, body.get("values", {}), office.clock.now())
    return _row(office, request)


def _do(office: OldOffice, body: Json) -> Json:
    """POST acts {id, login, act, remark}: somebody works in the OA itself; act = submit, reject or delete."""
    desk, user = office.desk, office.desk.user_of(body["login"]).id
    request = desk.requests[int(body["id"])]
    if body["act"] == "delete":
        del desk.requests[request.id]
    elif body["act"] == "forward":
        receivers = [desk.user_of(login).id for login in body["receivers"]]
        desk.forward(request, user, receivers, body.get("remark", ""), office.clock.now())
    else:
        act = {"submit": desk.submit, "reject": desk.reject}[body["act"]]
        act(request, user, body.get("remark", ""), office.clock.now())
    return _row(office, request)


def _add_fault(office: OldOffice, body: Json) -> Json:
    office.faults.add(Fault(**body))
    return {"ok": True}


def _reset(office: OldOffice, _body: Json) -> Json:
    office.reset()
    return {"ok": True}


async def _command(action: Callable[[OldOffice, Json], Json], request: web.Request) -> web.Response:
    office = request.app[OFFICE]
    try:
        answer = action(office, json.loads(await request.read() or b"{}"))
    except (ValueError, TypeError, KeyError, StopIteration, Refused) as error:
        return web.json_response({"error": repr(error)}, status=400)
    office.tell()
    return web.json_response(answer)


async def _forgive(request: web.Request) -> web.Response:
    request.app[OFFICE].faults.clear()
    return web.json_response({"ok": True})


async def _stop_telling(app: web.Application) -> None:
    for task in app[OFFICE].telling:
        task.cancel()


def make_app(office: OldOffice, middlewares: tuple[Any, ...] = ()) -> web.Application:
    """The OA's application; ``middlewares`` guard its control interface."""
    app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=middlewares)
    app[OFFICE] = office
    for path in SERVICES:
        app.router.add_route("*", path, _service)
    app.router.add_get("/_control/state", _state)
    app.router.add_delete("/_control/faults", _forgive)
    actions = {"requests": _create, "acts": _do, "faults": _add_fault, "reset": _reset}
    for name, action in actions.items():
        app.router.add_post(f"/_control/{name}", partial(_command, action))
    app.on_cleanup.append(_stop_telling)
    return app
