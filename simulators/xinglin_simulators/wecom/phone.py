"""A simulated WeCom phone per member."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from markupsafe import Markup, escape

from .contact_events import send_agent_event, send_member_text
from .devices import COMPUTER, holder_of, switch_device
from .directory import Member
from .people_view import cast_views, search_people, view_of
from .phone_view import PhoneView
from .render import STATIC, page, redirect, render
from .state import SIMULATOR, Simulator

AVATAR_COLOURS = ("#3b7bd4", "#4a9a8c", "#c7713f", "#7b68c8", "#bf5b7a", "#5b8a3a")


def _member(request: web.Request) -> Member:
    member = request.app[SIMULATOR].directory.member(request.match_info["userid"])
    if member is None:
        raise web.HTTPNotFound(text="没有这个人员 / no such member")
    return member


def _switch(request: web.Request, response: web.StreamResponse, holder: str) -> web.StreamResponse:
    simulator = request.app[SIMULATOR]
    switch_device(simulator.devices, request, response, holder, simulator.ids.next("browser", 24))
    return response


async def show_index(request: web.Request) -> web.Response:
    """GET /phone/: pick a person."""
    simulator = request.app[SIMULATOR]
    text = request.query.get("q", "")
    holder = simulator.directory.member(holder_of(request))
    return page(
        "index.html",
        corp=simulator.directory.corp_name,
        search=text,
        cast=cast_views(simulator),
        people=search_people(simulator, text) if text or not cast_views(simulator) else [],
        total=len(simulator.directory),
        holder=view_of(simulator, holder) if holder else None,
        agents=simulator.settings.agents,
    )


async def show_phone(request: web.Request) -> web.StreamResponse:
    """GET /phone/{userid}: the phone; it becomes the active device of this browser."""
    simulator, member = request.app[SIMULATOR], _member(request)
    view = PhoneView(simulator, member)
    response = page(
        "phone.html",
        person=view_of(simulator, member),
        agents=view.agents(),
        open_link=view.open_link,
        **_state(simulator, member),
    )
    return _switch(request, response, member.userid)


def _state(simulator: Simulator, member: Member) -> dict[str, Any]:
    view = PhoneView(simulator, member)
    rows = view.conversations()
    return {
        "version": view.version,
        "list": Markup(render("list.html", rows=rows)),
        "threads": {
            row.key: Markup(render("bubbles.html", row=row, open_link=view.open_link)) for row in rows
        },
        "names": {row.key: row.name for row in rows},
        "count": sum(row.count for row in rows if row.kind == "app"),
        "unread": sum(row.unread for row in rows),
    }


async def poll(request: web.Request) -> web.Response:
    """GET /phone/{userid}/poll?since=: only the version when nothing changed."""
    simulator, member = request.app[SIMULATOR], _member(request)
    version = PhoneView(simulator, member).version
    if request.query.get("since") == version:
        return web.json_response({"version": version})
    return web.json_response(_state(simulator, member))


async def focus(request: web.Request) -> web.StreamResponse:
    """POST /phone/{userid}/focus: this phone is in hand now."""
    return _switch(request, web.json_response({"ok": True}), _member(request).userid)


async def open_address(request: web.Request) -> web.StreamResponse:
    """GET /phone/{userid}/open?url=: swap the cookies and go there. ``@pc`` is the plain computer."""
    userid = request.match_info["userid"]
    holder = userid if userid == COMPUTER else _member(request).userid
    address = request.query.get("url", "")
    if urlsplit(address).scheme not in {"http", "https"}:
        raise web.HTTPBadRequest(text="url must be http or https")
    return _switch(request, redirect(address), holder)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise web.HTTPBadRequest(text="json expected") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="json object expected")
    return body


def _agent_id(body: dict[str, Any]) -> int:
    number = str(body.get("conversation", "")).removeprefix("app-")
    return int(number) if number.isdigit() else 0


async def mark_read(request: web.Request) -> web.Response:
    """POST /phone/{userid}/read {conversation}: all its entries are read."""
    simulator, member = request.app[SIMULATOR], _member(request)
    key = str((await _json(request)).get("conversation", ""))
    for row in PhoneView(simulator, member).conversations():
        if row.key == key:
            simulator.inbox.mark_seen(member.userid, key, row.count)
    return web.json_response({"ok": True})


async def say(request: web.Request) -> web.Response:
    """POST /phone/{userid}/say {conversation, text}: a text to the application."""
    simulator, member, body = request.app[SIMULATOR], _member(request), await _json(request)
    agent, text = simulator.agent(_agent_id(body)), str(body.get("text", "")).strip()
    if agent is None or not text:
        raise web.HTTPBadRequest(text="conversation and text needed")
    message = simulator.inbox.post_from_member(agent.agent_id, member.userid, text)
    send_member_text(simulator, agent, member.userid, text, message.msgid)
    return web.json_response({"ok": True})


async def enter(request: web.Request) -> web.Response:
    """POST /phone/{userid}/enter {conversation}: the member opened the application."""
    simulator, member = request.app[SIMULATOR], _member(request)
    agent = simulator.agent(_agent_id(await _json(request)))
    if agent is not None and agent.report_enter:
        send_agent_event(simulator, agent, member.userid, "enter_agent", {"EventKey": ""})
    return web.json_response({"ok": True})


def _selected(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"QuestionKey": question, "OptionIds": {"OptionId": [str(one) for one in options]}}
        for question, options in raw.items()
    ]


async def act(request: web.Request) -> web.Response:
    """POST /phone/{userid}/act {number, key, selected}: a button, vote or choice on a card."""
    simulator, member, body = request.app[SIMULATOR], _member(request), await _json(request)
    row = simulator.inbox.delivery(member.userid, int(body.get("number") or 0))
    agent = simulator.agent(row.message.agent_id) if row else None
    if row is None or agent is None or row.state == "recalled":
        raise web.HTTPBadRequest(text="no such card")
    fields = {
        "EventKey": str(body.get("key", "")),
        "TaskId": str(row.content.get("task_id") or row.message.content.get("task_id", "")),
        "CardType": row.message.card_type,
        "ResponseCode": simulator.inbox.new_response_code(row.message),
        "SelectedItems": {"SelectedItem": _selected(body.get("selected") or {})},
    }
    name = "template_card_menu_event" if body.get("is_menu") else "template_card_event"
    sent = send_agent_event(simulator, agent, member.userid, name, fields)
    return web.json_response({"sent": sent is not None})


async def avatar(request: web.Request) -> web.Response:
    """GET /phone/avatar/{userid}.svg: the end of the name on a colour."""
    member = _member(request)
    short = member.name.split("·")[0]
    text = short[-2:] if not short.isascii() else short[:2]
    colour = AVATAR_COLOURS[sum(member.userid.encode()) % len(AVATAR_COLOURS)]
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80">'
        f'<rect width="80" height="80" fill="{colour}"/><text x="40" y="49" font-size="27" fill="#fff" '
        f'text-anchor="middle" font-family="Noto Sans CJK SC, sans-serif">{escape(text)}</text></svg>'
    )
    return web.Response(text=svg, content_type="image/svg+xml", headers={"Cache-Control": "max-age=600"})


async def to_index(_request: web.Request) -> web.Response:
    """GET /phone: the same with the slash."""
    return redirect("/phone/")


def add_routes(app: web.Application) -> None:
    """Routes of the phones."""
    app.router.add_get("/phone", to_index)
    app.router.add_get("/phone/", show_index)
    app.router.add_static("/phone/static", STATIC)
    app.router.add_get("/phone/avatar/{userid}.svg", avatar)
    app.router.add_get("/phone/{userid}", show_phone)
    app.router.add_get("/phone/{userid}/poll", poll)
    app.router.add_get("/phone/{userid}/open", open_address)
    app.router.add_post("/phone/{userid}/focus", focus)
    app.router.add_post("/phone/{userid}/read", mark_read)
    app.router.add_post("/phone/{userid}/say", say)
    app.router.add_post("/phone/{userid}/enter", enter)
    app.router.add_post("/phone/{userid}/act", act)
