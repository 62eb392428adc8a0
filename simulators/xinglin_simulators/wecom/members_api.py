"""user/*: reading and writing members."""

from __future__ import annotations

import hashlib
from typing import Any

from .api import Answer, Call, endpoint
from .departments_api import refuse_details, visible_parties
from .directory import Member
from .errors import ApiError
from .members import create_member, delete_member, update_member

PERSONAL = ("avatar", "thumb_avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address")
MAX_BATCH_DELETE = 200
MAX_PAGE = 10_000


def _open_userid(member: Member) -> str:
    return "wo" + hashlib.sha256(member.userid.lower().encode()).hexdigest()[:30]


def _row(call: Call, member: Member) -> dict[str, Any]:
    avatar = f"{call.simulator.base_url}/phone/avatar/{member.userid}.svg"
    row: dict[str, Any] = {
        "userid": member.userid,
        "name": member.name,
        "department": list(member.departments),
        "order": [0] * len(member.departments),
        "position": member.position,
        "mobile": member.mobile,
        "gender": str(member.gender),
        "email": member.email,
        "biz_mail": "",
        "is_leader_in_dept": [int(party in member.leads) for party in member.departments],
        "direct_leader": list(member.direct_leader),
        "avatar": avatar,
        "thumb_avatar": avatar,
        "telephone": member.telephone,
        "alias": member.alias,
        "address": member.address,
        "open_userid": _open_userid(member),
        "main_department": member.main_department,
        "extattr": member.extattr,
        "status": member.status,
        "qr_code": "",
        "external_position": "",
        "external_profile": {},
    }
    if call.grant.agent is not None and call.simulator.switches.contact_fields == "ids_only":
        for name in PERSONAL:
            del row[name]
    return row


def _party(call: Call) -> int:
    number = call.need("department_id")
    if not number.isdigit() or int(number) not in call.simulator.directory.parties:
        raise ApiError(60003)
    if int(number) not in visible_parties(call):
        raise ApiError(60011)
    return int(number)


def _listed(call: Call) -> list[Member]:
    party = _party(call)
    directory = call.simulator.directory
    if call.query.get("fetch_child") == "1":
        return list(directory.under(party).values())
    return directory.in_party(party)


@endpoint("GET", "user/get")
def get_user(call: Call) -> Answer:
    """One member."""
    refuse_details(call)
    member = call.simulator.directory.member(call.need("userid"))
    if member is None:
        raise ApiError(60111)
    agent = call.grant.agent
    if agent is not None and member.userid.lower() not in call.simulator.visible_to(agent):
        raise ApiError(60011)
    return _row(call, member)


@endpoint("GET", "user/list")
def list_users(call: Call) -> Answer:
    """Full rows of a department's members."""
    refuse_details(call)
    return {"userlist": [_row(call, member) for member in _listed(call)]}


@endpoint("GET", "user/simplelist")
def list_users_simply(call: Call) -> Answer:
    """userid, name and departments of a department's members."""
    refuse_details(call)
    rows = [
        {
            "userid": member.userid,
            "name": member.name,
            "department": list(member.departments),
            "open_userid": _open_userid(member),
        }
        for member in _listed(call)
    ]
    return {"userlist": rows}


@endpoint("POST", "user/list_id", rights="contacts")
def list_user_ids(call: Call) -> Answer:
    """Pairs of userid and department, by pages; ``next_cursor`` is empty at the end."""
    cursor, limit = str(call.body.get("cursor") or "0"), int(call.body.get("limit") or MAX_PAGE)
    if not cursor.isdigit() or not 1 <= limit <= MAX_PAGE:
        raise ApiError(40035)
    pairs = [
        {"userid": member.userid, "department": party}
        for member in call.simulator.directory.members()
        for party in member.departments
    ]
    end = int(cursor) + limit
    return {"next_cursor": str(end) if end < len(pairs) else "", "dept_user": pairs[int(cursor) : end]}


@endpoint("POST", "user/create", rights="contacts")
def create_user(call: Call) -> Answer:
    """Add a member."""
    create_member(call.simulator.directory, call.body)
    return {"errmsg": "created"}


@endpoint("POST", "user/update", rights="contacts")
def update_user(call: Call) -> Answer:
    """Change a member."""
    update_member(call.simulator.directory, call.body)
    return {"errmsg": "updated"}


@endpoint("GET", "user/delete", rights="contacts")
def delete_user(call: Call) -> Answer:
    """Remove a member."""
    delete_member(call.simulator.directory, call.need("userid"))
    return {"errmsg": "deleted"}


@endpoint("POST", "user/batchdelete", rights="contacts")
def delete_users(call: Call) -> Answer:
    """Remove up to 200 members; unknown ids refuse the whole call."""
    userids = [str(userid) for userid in call.body.get("useridlist") or []]
    if not userids:
        raise ApiError(40063)
    if len(userids) > MAX_BATCH_DELETE:
        raise ApiError(40032)
    if any(call.simulator.directory.member(userid) is None for userid in userids):
        raise ApiError(40031)
    for userid in userids:
        delete_member(call.simulator.directory, userid)
    return {"errmsg": "deleted"}


def _found(call: Call, **wanted: str) -> Answer:
    member = call.simulator.directory.find(**wanted) if all(wanted.values()) else None
    if member is None:
        raise ApiError(46004)
    return {"userid": member.userid}


@endpoint("POST", "user/getuserid")
def get_userid(call: Call) -> Answer:
    """Userid by mobile number."""
    return _found(call, mobile=str(call.body.get("mobile", "")))


@endpoint("POST", "user/get_userid_by_email")
def get_userid_by_email(call: Call) -> Answer:
    """Userid by e-mail address."""
    return _found(call, email=str(call.body.get("email", "")))
