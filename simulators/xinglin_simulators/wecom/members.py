"""Rules for creating and changing members, shared by user/*, batch/* and the control interface."""

from __future__ import annotations

import re
from typing import Any

from .directory import ACTIVATED, DISABLED, Directory, Member
from .errors import ApiError

_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-@.]{0,63}")
_MOBILE = re.compile(r"\+?[0-9\- ]{5,20}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
MAX_DEPARTMENTS = 100
_PLAIN = ("name", "mobile", "email", "position", "alias", "telephone", "address", "extattr", "direct_leader")


def _departments(directory: Directory, body: dict[str, Any]) -> list[int]:
    numbers = [int(number) for number in body["department"]]
    if len(numbers) > MAX_DEPARTMENTS:
        raise ApiError(60110)
    if not numbers or any(number not in directory.parties for number in numbers):
        raise ApiError(60003)
    return list(dict.fromkeys(numbers))


def _check_contact(directory: Directory, body: dict[str, Any], own: str) -> None:
    for name, pattern, wrong, taken in (
        ("mobile", _MOBILE, 60103, 60104),
        ("email", _EMAIL, 60105, 60106),
    ):
        value = str(body.get(name) or "")
        if not value:
            continue
        if not pattern.fullmatch(value):
            raise ApiError(wrong)
        owner = directory.find(**{name: value})
        if owner is not None and owner.userid.lower() != own.lower():
            raise ApiError(taken)


def _check_name(body: dict[str, Any]) -> None:
    if not 1 <= len(str(body.get("name", ""))) <= 64:
        raise ApiError(60112)


def create_member(directory: Directory, body: dict[str, Any]) -> Member:
    """Add a member from the fields of user/create. Raises ApiError."""
    userid = str(body.get("userid", ""))
    if not _USERID.fullmatch(userid):
        raise ApiError(40003)
    if directory.member(userid):
        raise ApiError(60102)
    _check_name(body)
    if not body.get("mobile") and not body.get("email"):
        raise ApiError(60129)
    _check_contact(directory, body, userid)
    departments = _departments(directory, {"department": body.get("department") or [1]})
    member = Member(userid, str(body["name"]), departments, departments[0])
    _apply(member, body)
    directory.add(member)
    return member


def update_member(directory: Directory, body: dict[str, Any]) -> Member:
    """Change the given fields only. Raises ApiError."""
    member = directory.member(str(body.get("userid", "")))
    if member is None:
        raise ApiError(60111)
    if "name" in body:
        _check_name(body)
    _check_contact(directory, body, member.userid)
    if body.get("department"):
        directory.move(member, _departments(directory, body))
    if body.get("new_userid"):
        _rename(directory, member, str(body["new_userid"]))
    _apply(member, body)
    return member


def _rename(directory: Directory, member: Member, userid: str) -> None:
    if not _USERID.fullmatch(userid):
        raise ApiError(40003)
    other = directory.member(userid)
    if other is not None and other is not member:
        raise ApiError(60102)
    directory.remove(member.userid)
    member.userid = userid
    directory.add(member)


def _apply(member: Member, body: dict[str, Any]) -> None:
    for name in _PLAIN:
        if name in body:
            setattr(member, name, body[name])
    if "gender" in body:
        member.gender = int(body["gender"] or 0)
    if "main_department" in body and int(body["main_department"]) in member.departments:
        member.main_department = int(body["main_department"])
    if "is_leader_in_dept" in body:
        pairs = zip(member.departments, body["is_leader_in_dept"], strict=False)
        member.leads = {party for party, is_leader in pairs if int(is_leader)}
    if "enable" in body:
        member.status = ACTIVATED if int(body["enable"]) else DISABLED


def delete_member(directory: Directory, userid: str) -> Member:
    """Remove a member. Raises 60111."""
    member = directory.forget(userid)
    if member is None:
        raise ApiError(60111)
    return member
