"""The control interface for tests and demos: what arrived, faults, clock, people, switches."""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from xinglin_simulators.faults import Fault

from .contact_control import change_people
from .contact_events import contacts_target
from .errors import ApiError
from .event_control import send_callback
from .inbox import Delivery
from .state import SIMULATOR, Simulator

Json = dict[str, Any]
Action = Callable[[Simulator, Json], Json | Awaitable[Json]]


@web.middleware
async def loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse ``/_control`` to anybody but this machine."""
    if request.path.startswith("/_control") and not _is_loopback(request.remote):
        raise web.HTTPForbidden(text="loopback only")
    return await handler(request)


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _simulator(request: web.Request) -> Simulator:
    return request.app[SIMULATOR]


def _number(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError as error:
        raise web.HTTPBadRequest(text="number expected") from error


def _message_row(row: Delivery) -> Json:
    return {
        "number": row.number,
        "userid": row.userid,
        "msgid": row.message.msgid,
        "agent_id": row.message.agent_id,
        "type": row.message.msgtype,
        "card_type": row.message.card_type,
        "title": row.title,
        "url": row.url,
        "at": row.at,
        "state": row.state,
        "replaced_text": row.replaced_text,
        "from_member": row.from_member,
        "content": row.content,
    }


async def get_messages(request: web.Request) -> web.Response:
    """GET messages?userid=&since_number=."""
    after = _number(request.query.get("since_number", ""))
    rows = _simulator(request).inbox.deliveries(request.query.get("userid", ""))
    return web.json_response({"messages": [_message_row(row) for row in rows if row.number > after]})


async def get_delivered(request: web.Request) -> web.Response:
    """GET delivered?title= or ?msgid=: distinct members and counts; dropped ones apart."""
    title, msgid = request.query.get("title", ""), request.query.get("msgid", "")
    if not title and not msgid:
        raise web.HTTPBadRequest(text="title or msgid needed")
    counts: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for row in _simulator(request).inbox.deliveries():
        if (msgid and row.message.msgid != msgid) or (title and row.title != title) or row.from_member:
            continue
        (dropped if row.state == "dropped" else counts)[row.userid] += 1
    return web.json_response(
        {"users": len(counts), "messages": sum(counts.values()), "per_user": counts, "dropped": dropped}
    )


async def get_log(request: web.Request) -> web.Response:
    """GET log?path=&since=."""
    log = _simulator(request).log
    rows = log.select(request.query.get("path", ""), _number(request.query.get("since", "")))
    return web.json_response({"entries": [asdict(row) for row in rows], "counts": log.counts()})


async def get_callbacks(request: web.Request) -> web.Response:
    """GET callbacks: every delivery with its attempts."""
    rows = [asdict(row) for row in _simulator(request).callbacks.deliveries]
    return web.json_response({"callbacks": rows})


async def get_mail(request: web.Request) -> web.Response:
    """GET mail?to=."""
    rows = _simulator(request).mailbox.mails(request.query.get("to", ""))
    return web.json_response({"mails": [asdict(row) for row in rows]})


async def get_sms(request: web.Request) -> web.Response:
    """GET sms?to=."""
    rows = _simulator(request).sms.messages(request.query.get("to", ""))
    return web.json_response({"messages": [asdict(row) for row in rows]})


async def get_faults(request: web.Request) -> web.Response:
    """GET faults: rules in force and how often they were used."""
    rows = [asdict(rule) for rule in _simulator(request).faults.rules()]
    return web.json_response({"faults": rows})


async def delete_faults(request: web.Request) -> web.Response:
    """DELETE faults."""
    _simulator(request).faults.clear()
    return web.json_response({"ok": True})


def _move_clock(simulator: Simulator, body: Json) -> Json:
    simulator.clock.advance(float(body.get("advance_seconds", 0)))
    return {"now": simulator.clock.now()}


def _add_fault(simulator: Simulator, body: Json) -> Json:
    simulator.faults.add(Fault(**body))
    return {"ok": True}


def _tokens(simulator: Simulator, body: Json) -> Json:
    book = simulator.tokens
    action = body.get("action")
    if action == "expire":
        book.expire_all()
    elif action == "invalidate":
        book.invalidate_all()
    elif action in {"keep_refusing", "stop_refusing"}:
        book.refuses_all = action == "keep_refusing"
    else:
        raise ValueError("action must be expire, invalidate, keep_refusing or stop_refusing")
    return {"ok": True}


def _switch(simulator: Simulator, body: Json) -> Json:
    switches = simulator.switches
    for name, value in body.items():
        if name == "app_disabled":
            disabled = [agent.agent_id for agent in simulator.settings.agents] if value is True else value
            switches.disabled_agents = set(disabled or [])
        elif name == "scale_limits":
            simulator.limits.scale = float(value)
        elif name == "contact_fields" and value in {"full", "ids_only"}:
            switches.contact_fields = value
        elif name in {"trusted_ip", "trusted_domain", "non_200_retry"}:
            setattr(switches, name, bool(value))
        else:
            raise ValueError(f"switch {name}={value!r} is unknown")
    return {**vars(switches), "disabled_agents": sorted(switches.disabled_agents)}


def _reset(simulator: Simulator, _body: Json) -> Json:
    simulator.reset()
    return {"ok": True}


def _code(simulator: Simulator, body: Json) -> Json:
    userid = str(body.get("userid", ""))
    member = simulator.directory.member(userid)
    if userid and member is None:
        raise ApiError(60111)
    agent_id = body.get("agent_id")
    age = 301 if body.get("expired") else 0
    is_private = body.get("scope") == "snsapi_privateinfo"
    known = member.userid if member else ""
    return {"code": simulator.logins.new_code(known, agent_id, is_private=is_private, age=age)}


async def _verify(simulator: Simulator, _body: Json) -> Json:
    targets = [agent.callback for agent in simulator.settings.agents] + [contacts_target(simulator)]
    checked = {target.url: await simulator.callbacks.verify(target) for target in targets if target}
    return {"verified": checked}


def _posting(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A route that reads JSON, runs the action, and answers 400 with the reason on bad input."""

    async def handle(request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.read() or b"{}")
            result = action(_simulator(request), body)
            answer = await result if isinstance(result, Awaitable) else result
        except (ValueError, TypeError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
        except ApiError as error:
            return web.json_response({"error": error.text, "errcode": error.code}, status=400)
        return web.json_response(answer)

    return handle


def add_routes(app: web.Application) -> None:
    """Routes of the control interface."""
    for name, reader in {
        "messages": get_messages,
        "delivered": get_delivered,
        "log": get_log,
        "callbacks": get_callbacks,
        "mail": get_mail,
        "sms": get_sms,
        "faults": get_faults,
    }.items():
        app.router.add_get(f"/_control/{name}", reader)
    app.router.add_delete("/_control/faults", delete_faults)
    actions: dict[str, Action] = {
        "clock": _move_clock,
        "faults": _add_fault,
        "tokens": _tokens,
        "people": change_people,
        "switches": _switch,
        "callbacks": send_callback,
        "callbacks/verify": _verify,
        "reset": _reset,
        "codes": _code,
    }
    for name, action in actions.items():
        app.router.add_post(f"/_control/{name}", _posting(action))
