"""The contacts of WeCom as one value, read before any transaction begins."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from xinglin.people.progress import Progress, scaled, silent
from xinglin.wecom.answers import MemberPlace, WeComMember
from xinglin.wecom.client import WeComClient, WeComError

NO_RIGHT = frozenset({48002, 60011})
"""The secret may not read details (rules of 2022-08 for the contacts secret); ids are still given."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ContactDepartment:
    """A department of WeCom; `name` is empty in the ids-only form, `parent_id` 0 at the root."""

    id: int
    name: str
    name_en: str
    parent_id: int
    order: int


@dataclass(frozen=True)
class Contact:
    """A member of WeCom. In the ids-only form only `userid` and `department_ids` are known, `status` is None."""

    userid: str
    department_ids: tuple[int, ...]
    name: str = ""
    main_department_id: int | None = None
    leads: tuple[int, ...] = ()
    position: str = ""
    mobile: str = ""
    email: str = ""
    status: int | None = None

    @classmethod
    def of(cls, member: WeComMember) -> Contact:
        return cls(
            member.userid,
            member.department_ids,
            member.name,
            member.main_department_id,
            member.leads,
            member.position,
            member.mobile,
            member.email,
            member.status,
        )


@dataclass(frozen=True)
class Contacts:
    """All that we may see. `members` is by userid in lower case; `is_full` is false for ids only."""

    departments: Mapping[int, ContactDepartment]
    members: Mapping[str, Contact]
    is_full: bool


def read_contacts(client: WeComClient, progress: Progress = silent) -> Contacts:
    """Read everything, in full where WeCom allows it, else ids only; `progress` in 100 points. Raises `WeComError`."""
    try:
        departments = read_departments(client)
        members: dict[str, Contact] = {}
        step = scaled(progress, len(departments))
        for number in departments:
            for member in client.members(number):
                members[member.userid.lower()] = Contact.of(member)
            step(1)
    except WeComError as error:
        if error.code not in NO_RIGHT:
            raise
        logger.info("contacts: details may not be read (%s); ids only", error.code)
        return _ids_only(client)
    return Contacts(departments, members, is_full=True)


def read_departments(client: WeComClient) -> dict[int, ContactDepartment]:
    """The tree with names, those above before those below. Raises `WeComError`."""
    rows = [
        ContactDepartment(row.id, row.name, row.name_en, row.parent_id, row.order)
        for row in client.departments()
    ]
    return _from_the_top(rows)


def _ids_only(client: WeComClient) -> Contacts:
    nodes = [
        ContactDepartment(node.id, "", "", node.parent_id, node.order) for node in client.department_nodes()
    ]
    places: dict[str, list[MemberPlace]] = {}
    for place in client.member_ids():
        places.setdefault(place.userid.lower(), []).append(place)
    members = {
        key: Contact(own[0].userid, tuple(place.department_id for place in own))
        for key, own in places.items()
    }
    return Contacts(_from_the_top(nodes), members, is_full=False)


def _from_the_top(rows: list[ContactDepartment]) -> dict[int, ContactDepartment]:
    by_id = {row.id: row for row in rows}
    ordered: dict[int, ContactDepartment] = {}

    def place(row: ContactDepartment, above: tuple[int, ...]) -> None:
        if row.id in ordered or row.id in above:
            return
        if row.parent_id in by_id:
            place(by_id[row.parent_id], (*above, row.id))
        ordered[row.id] = row

    for row in rows:
        place(row, ())
    return ordered
