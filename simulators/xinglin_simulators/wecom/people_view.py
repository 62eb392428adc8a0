"""People as shown in choose-a-person lists."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin_simulators.hospital import load_hospital
from xinglin_simulators.hospital.cast import LABELS

from .directory import Member
from .state import Simulator

SHOWN = 60


@dataclass(frozen=True)
class PersonView:
    """One line of a list."""

    userid: str
    name: str
    department: str
    position: str
    label: str = ""
    is_usable: bool = True


def view_of(simulator: Simulator, member: Member, label: str = "") -> PersonView:
    """A member as a line."""
    node = simulator.directory.parties.get(member.main_department)
    department = node.name if node else ""
    return PersonView(member.userid, member.name, department, member.position, label, member.can_receive)


def cast_views(simulator: Simulator) -> list[PersonView]:
    """Well-known people that exist in this simulator."""
    if simulator.settings.people != "hospital":
        return []
    rows = []
    for part, userid in load_hospital().cast.items():
        member = simulator.directory.member(userid)
        if member is not None:
            rows.append(view_of(simulator, member, LABELS[part]))
    return rows


def search_people(simulator: Simulator, text: str) -> list[PersonView]:
    """Members whose name, userid or department contains ``text``; the first 60."""
    wanted = text.strip().lower()
    rows = []
    for member in simulator.directory.members():
        row = view_of(simulator, member)
        if wanted in f"{row.name} {row.userid} {row.department}".lower():
            rows.append(row)
        if len(rows) == SHOWN:
            break
    return rows
