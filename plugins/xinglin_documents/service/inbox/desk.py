"""What pages of the inbox look up besides its lists: processes, names, files, members of departments."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from xinglin.api.i18n import translator
from xinglin.api.people import Department, Membership, Person, PersonState
from xinglin.api.services import NotFound
from xinglin_documents.models import Instance, InstanceFile, Item, Process

_ = translator("documents")


class Desk:
    """Looks up; changes nothing and decides about no right: whoever asks has been let in to the document."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def source_of(self, item_public_id: str) -> str:
        """`Item.source`. Raises NotFound."""
        found = self._session.scalar(select(Item.source).where(Item.public_id == item_public_id))
        if found is None:
            raise NotFound(_("There is no such document, or it is not for you."), _("Go back to the inbox."))
        return found

    def processes(self) -> Sequence[Process]:
        """What may be started, in the order of the office."""
        query = select(Process).where(Process.is_active).order_by(Process.sort_order, Process.key)
        return self._session.scalars(query).all()

    def people(self, person_ids: Collection[int]) -> dict[int, Person]:
        if not person_ids:
            return {}
        query = select(Person).where(Person.id.in_(person_ids))
        return {one.id: one for one in self._session.scalars(query)}

    def by_public_ids(self, public_ids: Sequence[str], *, has_left: bool = False) -> list[Person]:
        """Active persons, with `has_left` others too, in the order asked for; unknown ones are left out."""
        query = select(Person).where(Person.public_id.in_(public_ids))
        if not has_left:
            query = query.where(Person.state == PersonState.ACTIVE)
        found = {one.public_id: one for one in self._session.scalars(query)} if public_ids else {}
        return [found[key] for key in public_ids if key in found]

    def members(self, department_public_ids: Sequence[str]) -> list[int]:
        """Ids of the active members of these departments themselves, not of those below."""
        if not department_public_ids:
            return []
        query = (
            select(Membership.person_id)
            .join(Department, Membership.department_id == Department.id)
            .join(Person, Membership.person_id == Person.id)
            .where(Department.public_id.in_(department_public_ids), Person.state == PersonState.ACTIVE)
            .distinct()
        )
        return sorted(self._session.scalars(query))

    def files(self, instance: Instance) -> Sequence[InstanceFile]:
        """In the order of the form's fields as they were filled."""
        query = (
            select(InstanceFile)
            .where(InstanceFile.instance_id == instance.id)
            .order_by(InstanceFile.field, InstanceFile.position)
            .options(joinedload(InstanceFile.file))
        )
        return self._session.scalars(query).all()


def factory(context: object, request: Request) -> Desk:
    return Desk(request.db)
