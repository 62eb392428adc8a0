"""Whose documents somebody may follow: the departments of her grants of documents:follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xinglin.api.i18n import translator
from xinglin.api.security import HeldGrant
from xinglin.api.services import NotFound
from xinglin_documents.permissions import DocumentsPermission

_ = translator("documents")


@dataclass(frozen=True)
class Scope:
    """`departments` None: the whole hospital."""

    departments: frozenset[int] | None

    @classmethod
    def of(cls, grants: Iterable[HeldGrant], roots: frozenset[int]) -> Scope:
        """Who holds every root of the tree follows the whole hospital, documents without a department too."""
        held = [one.department_ids for one in grants if one.permission == DocumentsPermission.FOLLOW]
        departments = frozenset[int]().union(*held)
        return cls(None) if roots and roots <= departments else cls(departments)

    def covers(self, department_id: int | None) -> bool:
        """Documents without a department belong to the whole hospital only."""
        return self.departments is None or department_id in self.departments

    def narrowed(self, departments: frozenset[int] | None) -> Scope:
        """To departments that were chosen, None: to all of the scope. Raises `NotFound` outside of it."""
        if departments is None:
            return self
        found = departments if self.departments is None else departments & self.departments
        if not found:
            raise NotFound(_("This department is not yours to follow."), _("Choose from the list."))
        return Scope(found)
