"""Passing on (分级授权): what a sub-administrator holds for that, what she gave, giving and taking back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pyramid.request import Request
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.api.people import Department, Node, PeopleService, Person
from xinglin.api.security import GrantRefused, GrantService, Identity, current
from xinglin.api.services import NotFound
from xinglin.types import Permission

_ = translator("portal")
LONGEST_TEXT = 60
UNKNOWN = 0
"""An id that no department has: what was posted is refused by the rules of grants, not here."""


@dataclass(frozen=True)
class Wish:
    """The form as it was typed: public ids of grant, person and department, the last day as "2027-06-30" or ""."""

    grant: str = ""
    words: str = ""
    person: str = ""
    department: str = ""
    until: str = ""

    @classmethod
    def of(cls, posted: Mapping[str, str]) -> Wish:
        return cls(*(posted.get(name, "")[:LONGEST_TEXT].strip() for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class Place:
    """A department that may be chosen; `depth` from 0."""

    public_id: str
    name: str
    depth: int


@dataclass(frozen=True)
class ShownGrant:
    """`last_day` is the last good day in the hospital's time zone; None: without end."""

    public_id: str
    person: str
    title: str
    object_title: str
    departments: tuple[str, ...]
    last_day: date | None


class PassingOnService:
    """The rules of grants are `GrantService`'s; here are their pages' words and choices."""

    def __init__(
        self,
        session: Session,
        grants: GrantService,
        people: PeopleService,
        permissions: Mapping[str, Permission],
        zone: ZoneInfo,
        identity: Identity,
    ) -> None:
        self._session = session
        self._grants = grants
        self._people = people
        self._permissions = permissions
        self._zone = zone
        self._identity = identity

    def passable(self) -> list[ShownGrant]:
        """What may be passed on. Raises `NotFound` when that is nothing: the page is not for this person."""
        if not (held := list(self._shown(self._grants.passable_by(self._identity.id)))):
            raise NotFound(_("You hold no permission that you may pass on."), _("Ask the administrator."))
        return held

    def passed_on(self) -> list[ShownGrant]:
        return list(self._shown(self._grants.passed_on_by(self._identity.id)))

    def places(self, grant: str) -> list[Place]:
        """The departments within one of the grants that may be passed on; none if it knows no departments."""
        held = self._held(grant)
        if held is None or not self._permissions[held.permission].has_departments:
            return []
        paths = tuple(department.path for department in held.departments)
        return list(self._below(self._people.tree(), paths, 0))

    def candidates(self, wish: Wish) -> list[Person]:
        """The persons found by the words, and the one chosen before; never oneself."""
        found = self._people.search(wish.words)
        chosen = self._people.by_public_id(wish.person) if wish.person else None
        if chosen is not None and chosen not in found:
            found = [chosen, *found]
        return [person for person in found if person.id != self._identity.id]

    def pass_on(self, wish: Wish) -> None:
        """Give what is wished. Raises `GrantRefused`."""
        held = self._held(wish.grant)
        if held is None:
            raise GrantRefused(_("Choose what to pass on."), status=403)
        person = self._people.by_public_id(wish.person)
        if person is None:
            raise GrantRefused(_("Choose to whom."), _("Find the person by name or staff number."))
        ids = {self._department_id(wish.department)} if wish.department else set()
        end = self._end_of(wish.until)
        self._grants.grant(self._identity, person, held.permission, held.object_key, ids, expires_at=end)

    def take_back(self, public_id: str) -> None:
        """End what oneself passed on. Raises `NotFound` for anything else."""
        mine = self._grants.passed_on_by(self._identity.id)
        grant = next((grant for grant in mine if grant.public_id == public_id), None)
        if grant is None:
            raise NotFound(_("There is no such grant."), _("Load the list anew."))
        self._grants.revoke(self._identity, grant, "taken back by the one who passed it on")

    def _held(self, public_id: str) -> Any:
        """The row of a grant that may be passed on; None for any other."""
        known = self._grants.passable_by(self._identity.id)
        found = (row for row in known if row.permission in self._permissions and row.public_id == public_id)
        return next(found, None)

    def _shown(self, grants: Iterable[Any]) -> Iterator[ShownGrant]:
        objects: dict[str, dict[str, str]] = {}
        for grant in grants:
            declared = self._permissions.get(grant.permission)
            if declared is None:
                continue
            if grant.permission not in objects:
                objects[grant.permission] = self._titles(declared)
            titles = objects[grant.permission]
            yield ShownGrant(
                grant.public_id,
                grant.person.name,
                declared.title,
                titles.get(grant.object_key, grant.object_key or ""),
                tuple(self._name(department) for department in grant.departments),
                self._last_day(grant.expires_at),
            )

    def _titles(self, declared: Permission) -> dict[str, str]:
        found = declared.objects(self._session) if declared.objects else ()
        return {one.key: one.title for one in found}

    def _below(self, nodes: Iterable[Node], paths: tuple[str, ...], depth: int) -> Iterator[Place]:
        for node in nodes:
            is_inside = node.department.path.startswith(paths)
            if is_inside:
                yield Place(node.department.public_id, self._name(node.department), depth)
            yield from self._below(node.children, paths, depth + is_inside)

    def _department_id(self, public_id: str) -> int:
        waiting = list(self._people.tree())
        while waiting:
            node = waiting.pop()
            if node.department.public_id == public_id:
                return node.department.id
            waiting.extend(node.children)
        return UNKNOWN

    def _end_of(self, text: str) -> date | None:
        try:
            day = date.fromisoformat(text) if text else None
        except ValueError:
            raise GrantRefused(_("This is no day."), _("Choose the last day from the calendar.")) from None
        if day is not None and day.year > date.max.year - 1:
            raise GrantRefused(_("This day is too far away."), _("Choose an earlier day, or no end."))
        return day

    def _last_day(self, end: datetime | None) -> date | None:
        return (end - timedelta(microseconds=1)).astimezone(self._zone).date() if end else None

    def _name(self, department: Department) -> str:
        return (self._identity.locale == "en" and department.name_en) or department.name


def factory(context: object, request: Request) -> PassingOnService:
    return PassingOnService(
        request.db,
        request.service(GrantService),
        request.service(PeopleService),
        request.plugins.permissions,
        request.settings.zone,
        current(request),
    )
