"""A grant that is being filled in: what is still missing, and the sentence that says what will be given."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from xinglin_admin.api.models import Department, GrantRequest, Permission, Person, ScopeObject
from xinglin_admin.locale.texts import Texts


@dataclass(frozen=True)
class GrantDraft:
    """``last_day`` None means without end."""

    person: Person | None
    permission: Permission | None
    object: ScopeObject | None
    departments: tuple[Department, ...]
    last_day: dt.date | None
    can_pass_on: bool = False

    def missing(self, texts: Texts) -> list[str]:
        words, permission = texts.dialog, self.permission
        needs = [
            (words.missing_person, self.person is None),
            (words.missing_permission, permission is None),
            (words.missing_object, permission is not None and permission.has_object and self.object is None),
            (
                words.missing_departments,
                permission is not None and permission.has_departments and not self.departments,
            ),
        ]
        return [name for name, is_missing in needs if is_missing]

    def request(self) -> GrantRequest:
        """Only for a draft with nothing missing."""
        if self.person is None or self.permission is None:
            message = "a draft without person or permission cannot be requested: check missing() first"
            raise ValueError(message)
        return GrantRequest(
            person_id=self.person.id,
            permission=self.permission.name,
            object=self.object.key if self.object else None,
            department_ids=tuple(department.id for department in self.departments),
            expires_on=self.last_day,
            can_pass_on=self.can_pass_on,
        )

    def sentence(self, texts: Texts) -> str:
        missing = self.missing(texts)
        if missing or self.person is None or self.permission is None:
            names = texts.common.list_separator.join(missing)
            return texts.dialog.summary_missing.format(missing=names)
        words = texts.dialog
        return words.summary.format(
            person=_person_phrase(self.person, texts),
            permission=self.permission.title,
            object=words.summary_object.format(object=self.object.title) if self.object else "",
            departments=self._departments_phrase(texts),
            until=words.summary_until.format(day=self.last_day) if self.last_day else words.summary_for_ever,
            hand_on=words.summary_hand_on if self.can_pass_on else "",
        )

    def _departments_phrase(self, texts: Texts) -> str:
        if not self.departments:
            return ""
        names = texts.common.list_separator.join(department.name for department in self.departments)
        count = sum(department.people_count for department in self.departments)
        return texts.dialog.summary_departments.format(departments=names, count=count)


def _person_phrase(person: Person, texts: Texts) -> str:
    """Name and main department, so that two people of one name are not mixed up."""
    return texts.dialog.summary_person.format(
        name=person.name, mark=" ".join(filter(None, [*person.departments[:1], person.staff_no]))
    )
