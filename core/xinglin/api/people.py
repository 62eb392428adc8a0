"""Persons, the organisation tree and audiences (知悉范围)."""

from __future__ import annotations

from xinglin.people.audience import AudienceService, LeftOut, Preview, Term, visible
from xinglin.people.display import set_display
from xinglin.people.errors import AudienceRefused, PeopleRefused
from xinglin.people.facets import facets_of
from xinglin.people.models import (
    Audience,
    Department,
    Membership,
    Person,
    PersonRole,
    PersonState,
    PersonTag,
    Role,
    Tag,
    Unreachable,
)
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService, Place
from xinglin.people.tree import Node

__all__ = [
    "Audience",
    "AudienceRefused",
    "AudienceService",
    "Department",
    "DepartmentRecord",
    "LeftOut",
    "Membership",
    "Node",
    "PeopleRefused",
    "PeopleService",
    "Person",
    "PersonRecord",
    "PersonRole",
    "PersonState",
    "PersonTag",
    "Place",
    "Preview",
    "Role",
    "Tag",
    "Term",
    "Unreachable",
    "facets_of",
    "set_display",
    "visible",
]
