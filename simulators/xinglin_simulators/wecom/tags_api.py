"""tag/*: tags with members and departments."""

from __future__ import annotations

from typing import Any

from .api import Answer, Call, endpoint
from .directory import Tag
from .errors import ApiError

MAX_NAME = 32
MAX_USERS, MAX_PARTIES = 1000, 100


def _tag(call: Call, value: Any) -> Tag:
    text = str(value or "")
    tag = call.simulator.directory.tags.get(int(text)) if text.isdigit() else None
    if tag is None:
        raise ApiError(40068)
    return tag


def _free_name(call: Call, own: int | None) -> str:
    name = str(call.body.get("tagname", ""))
    if not 1 <= len(name) <= MAX_NAME:
        raise ApiError(40035)
    if any(tag.name == name and tag.id != own for tag in call.simulator.directory.tags.values()):
        raise ApiError(40071)
    return name


@endpoint("POST", "tag/create", rights="contacts")
def create_tag(call: Call) -> Answer:
    """Add a tag."""
    tags = call.simulator.directory.tags
    name = _free_name(call, None)
    number = int(call.body.get("tagid") or max(tags, default=0) + 1)
    if number in tags:
        raise ApiError(40068)
    tags[number] = Tag(number, name)
    return {"errmsg": "created", "tagid": number}


@endpoint("POST", "tag/update", rights="contacts")
def update_tag(call: Call) -> Answer:
    """Rename a tag."""
    tag = _tag(call, call.body.get("tagid"))
    tag.name = _free_name(call, tag.id)
    return {"errmsg": "updated"}


@endpoint("GET", "tag/delete", rights="contacts")
def delete_tag(call: Call) -> Answer:
    """Remove a tag."""
    del call.simulator.directory.tags[_tag(call, call.query.get("tagid")).id]
    return {"errmsg": "deleted"}


@endpoint("GET", "tag/get")
def get_tag(call: Call) -> Answer:
    """A tag's members and departments."""
    tag = _tag(call, call.query.get("tagid"))
    members = [call.simulator.directory.member(userid) for userid in tag.users]
    rows = [{"userid": member.userid, "name": member.name} for member in members if member]
    return {"tagname": tag.name, "userlist": rows, "partylist": list(tag.parties)}


@endpoint("GET", "tag/list")
def list_tags(call: Call) -> Answer:
    """All tags."""
    tags = call.simulator.directory.tags.values()
    return {"taglist": [{"tagid": tag.id, "tagname": tag.name} for tag in tags]}


def _lists(call: Call) -> tuple[list[str], list[int]]:
    users = [str(userid) for userid in call.body.get("userlist") or []]
    parties = [int(number) for number in call.body.get("partylist") or []]
    if not users and not parties:
        raise ApiError(40063)
    if len(users) > MAX_USERS:
        raise ApiError(40032)
    if len(parties) > MAX_PARTIES:
        raise ApiError(82002)
    return users, parties


def _partial(call: Call, wrong: tuple[list[str], list[int]], all_wrong: int) -> Answer:
    bad_users, bad_parties = wrong
    users, parties = _lists(call)
    if len(bad_users) == len(users) and len(bad_parties) == len(parties):
        raise ApiError(all_wrong)
    answer: Answer = {}
    if bad_users:
        answer["invalidlist"] = "|".join(bad_users)
    if bad_parties:
        answer["invalidparty"] = bad_parties
    return answer


@endpoint("POST", "tag/addtagusers", rights="contacts")
def add_tag_users(call: Call) -> Answer:
    """Add members and departments; unknown ones are named in the answer."""
    directory = call.simulator.directory
    tag = _tag(call, call.body.get("tagid"))
    users, parties = _lists(call)
    bad_users = [userid for userid in users if directory.member(userid) is None]
    bad_parties = [number for number in parties if number not in directory.parties]
    answer = _partial(call, (bad_users, bad_parties), 40070)
    for userid in users:
        member = directory.member(userid)
        if member:
            tag.users[member.userid] = None
    tag.parties.update(dict.fromkeys(number for number in parties if number in directory.parties))
    return answer


@endpoint("POST", "tag/deltagusers", rights="contacts")
def delete_tag_users(call: Call) -> Answer:
    """Take members and departments out of the tag; those not in it are named in the answer."""
    tag = _tag(call, call.body.get("tagid"))
    users, parties = _lists(call)
    held = {userid.lower(): userid for userid in tag.users}
    bad_users = [userid for userid in users if userid.lower() not in held]
    bad_parties = [number for number in parties if number not in tag.parties]
    answer = _partial(call, (bad_users, bad_parties), 40031)
    for userid in users:
        tag.users.pop(held.get(userid.lower(), ""), None)
    for number in parties:
        tag.parties.pop(number, None)
    return answer
