"""XML of events and messages sent to callbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .directory import Member, PartyNode

Fields = Mapping[str, Any]


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(key, item) for key, item in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def to_xml(fields: Fields) -> str:
    """``<xml>`` with CDATA text, plain integers, nested mappings and repeated lists."""
    return _element("xml", dict(fields))


def event(corp_id: str, sender: str, created: float, name: str, fields: Fields) -> dict[str, Any]:
    """The common head of an event and its own fields."""
    head = {
        "ToUserName": corp_id,
        "FromUserName": sender,
        "CreateTime": int(created),
        "MsgType": "event",
        "Event": name,
    }
    return {**head, **fields}


def member_fields(member: Member, *, is_full: bool) -> dict[str, Any]:
    """Fields of create_user/update_user: all, or only UserID and Department (since 2022-08-15)."""
    fields: dict[str, Any] = {
        "UserID": member.userid,
        "Department": ",".join(str(number) for number in member.departments),
    }
    if not is_full:
        return fields
    leads = ",".join(str(int(number in member.leads)) for number in member.departments)
    return fields | {
        "Name": member.name,
        "MainDepartment": member.main_department,
        "IsLeaderInDept": leads,
        "Position": member.position,
        "Mobile": member.mobile,
        "Gender": member.gender,
        "Email": member.email,
        "Status": member.status,
        "Alias": member.alias,
        "Telephone": member.telephone,
        "Address": member.address,
    }


def party_fields(node: PartyNode, *, is_full: bool) -> dict[str, Any]:
    """Fields of create_party/update_party: all, or only Id and ParentId."""
    fields: dict[str, Any] = {"Id": node.id, "ParentId": node.parentid}
    return fields | {"Name": node.name, "Order": node.order} if is_full else fields
