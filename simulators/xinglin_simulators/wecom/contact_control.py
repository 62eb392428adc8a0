"""Contacts changed "in the admin console": the change is made and change_contact is sent."""

from __future__ import annotations

from typing import Any

from .contact_events import member_changed, party_changed
from .departments_api import create_party, delete_party, update_party
from .members import create_member, delete_member, update_member
from .state import Simulator

Json = dict[str, Any]


def change_people(simulator: Simulator, body: Json) -> Json:
    """``{"action": "create|update|delete|disable|enable", "member": {…}}`` or ``"department": {…}``.

    The fields are those of user/create or department/create. Raises ApiError, ValueError.
    """
    action = str(body.get("action", ""))
    if isinstance(body.get("member"), dict):
        return _change_member(simulator, action, body["member"])
    if isinstance(body.get("department"), dict):
        return _change_party(simulator, action, body["department"])
    raise ValueError('give "member" or "department" with their fields')


def _change_member(simulator: Simulator, action: str, fields: Json) -> Json:
    directory = simulator.directory
    if action == "create":
        member = create_member(directory, fields)
        sent = member_changed(simulator, "create_user", member)
    elif action == "delete":
        member = delete_member(directory, str(fields.get("userid", "")))
        sent = member_changed(simulator, "delete_user", member)
    elif action in {"update", "disable", "enable"}:
        enable = {} if action == "update" else {"enable": int(action == "enable")}
        member = update_member(directory, {**fields, **enable})
        sent = member_changed(simulator, "update_user", member)
    else:
        raise ValueError("action must be create, update, delete, disable or enable")
    return {"userid": member.userid, "callback": sent is not None}


def _change_party(simulator: Simulator, action: str, fields: Json) -> Json:
    if action == "create":
        node = create_party(simulator, fields)
        sent = party_changed(simulator, "create_party", node)
    elif action == "update":
        node = update_party(simulator, fields)
        sent = party_changed(simulator, "update_party", node)
    elif action == "delete":
        node = delete_party(simulator, int(fields.get("id") or 0))
        sent = party_changed(simulator, "delete_party", node)
    else:
        raise ValueError("action must be create, update or delete")
    return {"id": node.id, "callback": sent is not None}
