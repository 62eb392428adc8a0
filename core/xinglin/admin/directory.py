"""What an administrator chooses from: modules, permissions with their objects, departments, people."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from sqlalchemy import String, cast, func, literal, select
from sqlalchemy.orm import Session, selectinload

from xinglin.admin.values import (
    DepartmentEntry,
    DepartmentName,
    ModuleEntry,
    PermissionEntry,
    PersonEntry,
    PersonPage,
)
from xinglin.api.i18n import translator
from xinglin.kernel.plugins import Plugin, PluginSet, Quarantined, call_safely, discover
from xinglin.kernel.settings import CoreSettings
from xinglin.people import tree
from xinglin.people.models import Department, Membership, Person, PersonFacet, PersonState
from xinglin.people.pinyin import query_key
from xinglin.people.service import PeopleService, matches
from xinglin.types import Permission, ScopeObject

_ = translator("core")
CURE_MARK = "Cure:"


class DirectoryService:
    """Reads only; each list costs a fixed number of queries."""

    def __init__(
        self, session: Session, people: PeopleService, plugins: PluginSet, settings: CoreSettings
    ) -> None:
        self._session = session
        self._people = people
        self._plugins = plugins
        self._settings = settings

    def modules(self) -> tuple[ModuleEntry, ...]:
        """Those of the configuration in its order, then what is installed besides."""
        installed = discover()
        others = sorted(set(installed) - set(self._settings.plugins))
        return tuple(self._module(name, installed.get(name)) for name in (*self._settings.plugins, *others))

    def permissions(self) -> tuple[PermissionEntry, ...]:
        """The permissions that can be given to somebody."""
        declared = self._plugins.permissions.values()
        return tuple(self._permission(permission) for permission in declared if permission.is_delegable)

    def objects_of(self, permission: Permission) -> tuple[ScopeObject, ...]:
        """What a grant of `permission` may be narrowed to; nothing when its module fails to say."""
        if permission.objects is None:
            return ()
        module = permission.name.partition(":")[0]
        call = partial(permission.objects, self._session)
        _is_done, found = call_safely(
            self._session, f"plugin {module}", f"the objects of {permission.name}", call
        )
        return tuple(found or ())

    def departments(self) -> tuple[DepartmentEntry, ...]:
        """The active departments from the roots down, siblings in the hospital's order."""
        # `D:<id>` is on every active person of that department or one below it, once.
        facet = literal("D:") + cast(Department.id, String)
        counted = (
            select(Department, func.count(PersonFacet.person_id))
            .outerjoin(PersonFacet, PersonFacet.facet == facet)
            .where(Department.is_active.is_(True))
            .group_by(Department.id)
        )
        rows = self._session.execute(counted).all()
        counts = {department.id: count for department, count in rows}
        return tuple(_branches(tree.nodes(row for row, _count in rows), None, counts))

    def find_people(self, text: str, limit: int) -> PersonPage:
        """The best matches in any state, or who has exactly this mobile number; without text everybody by pinyin."""
        key = query_key(text)
        everyone = tuple(PersonState)
        found = self._people.search(text, limit, states=everyone) if key else self._first_people(limit)
        found = found or self._by_mobile(text, limit)
        total = len(found)
        if total == limit:
            condition = [matches(key)] if key else []
            total = self._session.scalar(select(func.count(Person.id)).where(*condition)) or 0
        return PersonPage(tuple(map(_person, found)), total)

    def _by_mobile(self, text: str, limit: int) -> list[Person]:
        wanted = Person.mobile_index.matches(self._session, text)
        return list(self._session.scalars(select(Person).where(wanted).order_by(Person.id).limit(limit)))

    def _first_people(self, limit: int) -> list[Person]:
        places = selectinload(Person.memberships).joinedload(Membership.department)
        query = select(Person).order_by(Person.state, Person.pinyin, Person.id).limit(limit)
        return list(self._session.scalars(query.options(places)))

    def _module(self, name: str, point: importlib.metadata.EntryPoint | None) -> ModuleEntry:
        is_required = name in self._settings.required
        version = point.dist.version if point and point.dist else ""
        if plugin := self._plugins.plugins.get(name):
            return _enabled(plugin, is_required=is_required)
        if lost := self._plugins.quarantined.get(name):
            return _quarantined(lost, version, is_required=is_required)
        return ModuleEntry(
            name,
            name,
            version,
            _("Installed, but not switched on."),
            "disabled",
            is_required,
            cure=_("Add ${name} to plugins in the portal's ini, then restart it.", mapping={"name": name}),
        )

    def _permission(self, permission: Permission) -> PermissionEntry:
        return PermissionEntry(
            permission.name,
            permission.title,
            permission.summary,
            permission.name.partition(":")[0],
            permission.objects is not None,
            permission.has_departments,
            self.objects_of(permission),
        )


def _enabled(plugin: Plugin, *, is_required: bool) -> ModuleEntry:
    manifest = plugin.manifest
    return ModuleEntry(
        manifest.name, manifest.title, manifest.version, manifest.summary, "enabled", is_required
    )


def _quarantined(lost: Quarantined, version: str, *, is_required: bool) -> ModuleEntry:
    reason, _mark, cure = lost.reason.partition(CURE_MARK)
    return ModuleEntry(
        lost.name,
        lost.name,
        version,
        _("Left out at the last start, because it failed."),
        "quarantined",
        is_required,
        error=f"{lost.stage}: {_first_line(reason)}",
        cure=_first_line(cure)
        or _("Run `xinglin plugins check` on the server, repair the module, then restart the portal."),
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _branches(
    nodes: Iterable[tree.Node], parent_id: str | None, counts: Mapping[int, int]
) -> Iterator[DepartmentEntry]:
    for node in nodes:
        row = node.department
        yield DepartmentEntry(row.public_id, parent_id, row.name, row.campus or None, counts[row.id])
        yield from _branches(node.children, row.public_id, counts)


def _person(person: Person) -> PersonEntry:
    places = sorted(person.memberships, key=lambda place: not place.is_primary)
    return PersonEntry(
        person.public_id,
        person.name,
        person.staff_no,
        person.title or None,
        person.position or None,
        tuple(DepartmentName(place.department.public_id, place.department.name) for place in places),
        str(person.state),
    )


def factory(context: Any, request: Any) -> DirectoryService:
    return DirectoryService(request.db, request.service(PeopleService), request.plugins, request.settings)
