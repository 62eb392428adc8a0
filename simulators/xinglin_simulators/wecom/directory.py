"""The corporation's members, departments and tags, with the indexes the API needs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from xinglin_simulators.hospital import Hospital, load_hospital
from xinglin_simulators.hospital.model import ROOT_ID

ACTIVATED, DISABLED, NOT_ACTIVATED = 1, 2, 4


@dataclass
class Member:
    """One member; ``departments`` keeps the order of the API, ``status`` as in user/get."""

    userid: str
    name: str
    departments: list[int]
    main_department: int
    mobile: str = ""
    email: str = ""
    gender: int = 0
    position: str = ""
    alias: str = ""
    telephone: str = ""
    address: str = ""
    leads: set[int] = field(default_factory=set)
    direct_leader: list[str] = field(default_factory=list)
    extattr: dict[str, Any] = field(default_factory=lambda: {"attrs": []})
    status: int = ACTIVATED
    is_licensed: bool = True

    @property
    def can_receive(self) -> bool:
        """Disabled and not activated members get no messages."""
        return self.status == ACTIVATED


@dataclass
class PartyNode:
    """One department of the tree."""

    id: int
    name: str
    parentid: int
    order: int = 0
    name_en: str = ""
    leaders: list[str] = field(default_factory=list)


@dataclass
class Tag:
    """A tag with member and department lists."""

    id: int
    name: str
    users: dict[str, None] = field(default_factory=dict)
    parties: dict[int, None] = field(default_factory=dict)


class Directory:
    """All contacts. userids are unique ignoring case, as in WeCom."""

    def __init__(self, corp_name: str = "模拟企业") -> None:
        self.corp_name = corp_name
        self.parties: dict[int, PartyNode] = {ROOT_ID: PartyNode(ROOT_ID, corp_name, 0)}
        self.tags: dict[int, Tag] = {}
        self._members: dict[str, Member] = {}
        self._by_party: defaultdict[int, dict[str, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._members)

    def members(self) -> list[Member]:
        """Everybody, in the order of creation."""
        return list(self._members.values())

    def member(self, userid: str) -> Member | None:
        """The member with this userid, ignoring case."""
        return self._members.get(userid.lower())

    def add(self, member: Member) -> None:
        """Add or replace a member."""
        self.remove(member.userid)
        key = member.userid.lower()
        self._members[key] = member
        for party in member.departments:
            self._by_party[party][key] = None

    def remove(self, userid: str) -> Member | None:
        """Remove a member from the index and the tags it is missing from later."""
        key = userid.lower()
        member = self._members.pop(key, None)
        if member:
            for party in member.departments:
                self._by_party[party].pop(key, None)
        return member

    def forget(self, userid: str) -> Member | None:
        """Delete a member for good: also from tags and department leaders."""
        member = self.remove(userid)
        if member:
            for tag in self.tags.values():
                tag.users.pop(member.userid, None)
            for party in self.parties.values():
                if member.userid in party.leaders:
                    party.leaders.remove(member.userid)
        return member

    def move(self, member: Member, departments: list[int]) -> None:
        """Change a member's departments; the first becomes main when the old main is left."""
        self.remove(member.userid)
        member.departments = departments
        if member.main_department not in departments:
            member.main_department = departments[0]
        self.add(member)

    def in_party(self, party_id: int) -> list[Member]:
        """Members directly in this department."""
        return [self._members[key] for key in self._by_party[party_id]]

    def subtree(self, party_id: int) -> list[int]:
        """The department and all below it, parents first."""
        children: defaultdict[int, list[int]] = defaultdict(list)
        for node in self.parties.values():
            children[node.parentid].append(node.id)
        found, queue = [], [party_id]
        while queue:
            current = queue.pop(0)
            found.append(current)
            queue.extend(children[current])
        return found

    def under(self, party_id: int) -> dict[str, Member]:
        """Members of the department and everything below it, by lower-case userid."""
        return {
            key: self._members[key] for node in self.subtree(party_id) for key in self._by_party.get(node, ())
        }

    def find(self, **wanted: str) -> Member | None:
        """The first member whose fields equal ``wanted`` (mobile, email)."""
        for member in self._members.values():
            if all(getattr(member, name) == value for name, value in wanted.items()):
                return member
        return None

    def party_path(self, party_id: int) -> str:
        """Names from below the root down to the department."""
        names = []
        while party_id in self.parties and party_id != ROOT_ID:
            names.append(self.parties[party_id].name)
            party_id = self.parties[party_id].parentid
        return " / ".join(reversed(names))


def empty_directory() -> Directory:
    """Only the root department."""
    return Directory()


def hospital_directory() -> Directory:
    """The fictional hospital as WeCom contacts."""
    hospital = load_hospital()
    directory = Directory(hospital.name)
    for row in hospital.departments:
        directory.parties[row.id] = PartyNode(
            row.id, row.name, row.parent_id, row.order, row.name_en, list(row.leaders)
        )
    for person in hospital.people:
        directory.add(
            Member(
                userid=person.userid,
                name=person.name,
                departments=list(person.department_ids),
                main_department=person.department_id,
                mobile=person.mobile,
                email=person.email,
                gender=person.gender,
                position=person.position or person.title,
                leads={person.department_id} if person.leads_department else set(),
                status=person.status,
                is_licensed=person.is_licensed,
            )
        )
    _add_tags(directory, hospital)
    return directory


def _add_tags(directory: Directory, hospital: Hospital) -> None:
    for person in hospital.people:
        for name in person.tags:
            tag = next((row for row in directory.tags.values() if row.name == name), None)
            if tag is None:
                tag = Tag(len(directory.tags) + 1, name)
                directory.tags[tag.id] = tag
            tag.users[person.userid] = None
