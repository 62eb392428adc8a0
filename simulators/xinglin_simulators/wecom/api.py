"""Dispatch of ``/cgi-bin/…``: envelope, tokens, faults, log; the areas register their calls here."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from xinglin_simulators.faults import Fault, answer_with, apply_wait

from .errors import TEXTS, ApiError
from .log import LogEntry
from .state import SIMULATOR, Simulator
from .tokens import Token

Answer = dict[str, Any]
# Faults that keep a call from being carried out at all.
UNREACHED = frozenset({"http_status", "html", "reset", "hang", "refuse"})
UNLIMITED = frozenset({"message/send", "gettoken"})


@dataclass
class Call:
    """One API call after parsing; ``token`` is set unless the endpoint needs none."""

    simulator: Simulator
    request: web.Request
    path: str
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    token: Token | None = None

    @property
    def grant(self) -> Token:
        """The checked token."""
        if self.token is None:
            raise ApiError(41001)
        return self.token

    def need(self, name: str) -> str:
        """A query parameter that must not be empty. Raises 40063."""
        value = self.query.get(name, "")
        if not value:
            raise ApiError(40063, f"missing {name}")
        return value


Handler = Callable[[Call], Answer | web.StreamResponse | Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True)
class Endpoint:
    """A registered call. ``rights``: any, contacts (sync secret only) or agent (app secret only)."""

    method: str
    handler: Handler
    rights: str
    is_json: bool


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    method: str, path: str, *, rights: str = "any", is_json: bool = True
) -> Callable[[Handler], Handler]:
    """Register a handler for ``/cgi-bin/<path>``."""

    def register(handler: Handler) -> Handler:
        ENDPOINTS[path] = Endpoint(method, handler, rights, is_json)
        return handler

    return register


def envelope(code: int, text: str, extra: Answer, call: Call) -> Answer:
    """Errcode first, then errmsg in the vendor's form, then the fields of the answer."""
    if code:
        hint = call.simulator.ids.next("hint", 20)
        text = (
            f"{text}, hint: [{int(hint, 16) % 10**19}], from ip: {call.request.remote}, "
            f"more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
        )
    return {"errcode": code, "errmsg": text, **extra}


def encode(answer: Answer) -> bytes:
    """JSON as on the wire."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def json_response(body: bytes, answer: Answer) -> web.Response:
    """HTTP 200 with the headers seen in public traces."""
    headers = {"Error-Code": str(answer["errcode"]), "Error-Msg": str(answer["errmsg"]).split(",")[0]}
    return web.Response(body=body, headers=headers, content_type="application/json", charset="UTF-8")


async def _read_body(call: Call, registered: Endpoint) -> None:
    if call.request.method != "POST" or not registered.is_json:
        return
    raw = await call.request.read()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError as error:
        raise ApiError(40058, "invalid json") from error
    if not isinstance(body, dict):
        raise ApiError(40058, "json object expected")
    call.body = body


def _authorise(call: Call, registered: Endpoint) -> None:
    simulator = call.simulator
    if call.path == "gettoken":
        return
    call.token = simulator.tokens.check(call.query.get("access_token", ""))
    if not simulator.switches.trusted_ip:
        raise ApiError(60020)
    agent = call.token.agent
    if agent is not None and agent.agent_id in simulator.switches.disabled_agents:
        raise ApiError(50003)
    if registered.rights == "contacts" and agent is not None:
        raise ApiError(48002)
    if registered.rights == "agent" and agent is None:
        raise ApiError(48002)


def _injected(faults: list[Fault]) -> None:
    for fault in faults:
        if fault.kind == "errcode":
            code = int(fault.value)
            raise ApiError(code, TEXTS.get(code, "injected error"))
        if fault.kind == "refuse_token":
            raise ApiError(40014)


async def _run(call: Call, faults: list[Fault]) -> Answer | web.StreamResponse:
    registered = ENDPOINTS.get(call.path)
    if registered is None:
        raise ApiError(40066)
    if call.request.method != registered.method:
        raise ApiError(43001 if registered.method == "GET" else 43002)
    await _read_body(call, registered)
    _injected(faults)
    _authorise(call, registered)
    if call.path not in UNLIMITED:
        call.simulator.limits.count_api(call.path, call.simulator.clock.now())
    result = registered.handler(call)
    return await result if inspect.isawaitable(result) else result


async def _answer(call: Call, faults: list[Fault]) -> Answer | web.StreamResponse:
    try:
        result = await _run(call, faults)
    except ApiError as error:
        return envelope(error.code, error.text, error.extra, call)
    except (ValueError, TypeError, AttributeError) as error:
        # A field of the wrong JSON type; the platform answers an errcode, never a 500.
        return envelope(40058, f"invalid request parameter ({error})", {}, call)
    if isinstance(result, web.StreamResponse):
        return result
    return envelope(0, result.pop("errmsg", "ok"), result, call)


def _write_log(call: Call, faults: list[Fault], errcode: int | None, started: float) -> None:
    query = {key: value for key, value in call.query.items() if key != "access_token"}
    call.simulator.log.add(
        LogEntry(
            path=call.path,
            at=call.simulator.clock.now(),
            agent_id=call.simulator.tokens.agent_id(call.query.get("access_token", "")),
            body=call.body or query,
            errcode=errcode,
            fault=",".join(fault.kind for fault in faults),
            took_ms=(time.perf_counter() - started) * 1000,
        )
    )


async def dispatch(request: web.Request) -> web.StreamResponse:
    """The one aiohttp handler behind ``/cgi-bin/``."""
    started = time.perf_counter()
    simulator = request.app[SIMULATOR]
    call = Call(simulator, request, request.match_info["path"], dict(request.query))
    agent_id = simulator.tokens.agent_id(call.query.get("access_token", ""))
    faults = simulator.faults.take(call.path, agent_id)
    for fault in faults:
        await apply_wait(fault)
    if faults and faults[-1].kind in UNREACHED:
        _write_log(call, faults, None, started)
        return await answer_with(faults[-1], request, b"") or web.Response()
    result = await _answer(call, faults)
    if isinstance(result, web.StreamResponse):
        _write_log(call, faults, 0, started)
        return result
    _write_log(call, faults, int(result["errcode"]), started)
    body = encode(result)
    broken = await answer_with(faults[-1], request, body) if faults else None
    return broken or json_response(body, result)
