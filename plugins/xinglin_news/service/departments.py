"""The organisation tree as the flat, indented list that a chooser shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from xinglin.api.people import Department, Node


@dataclass(frozen=True)
class Level:
    """A department and how deep it stands below the topmost one of the list, from 0."""

    department: Department
    depth: int
    has_children: bool


def levels(nodes: Iterable[Node], is_wanted: Callable[[Department], bool], depth: int = 0) -> list[Level]:
    """The wanted departments in the order of the hospital; one whose parent is not wanted moves up."""
    found = []
    for node in nodes:
        is_shown = is_wanted(node.department)
        if is_shown:
            found.append(Level(node.department, depth, bool(node.children)))
        found += levels(node.children, is_wanted, depth + is_shown)
    return found
