"""What a grant of `news:publish` covers: a column and departments with all below them (ADR 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xinglin.api.security import HeldGrant
from xinglin_news.permissions import NewsPermission


@dataclass(frozen=True)
class Authority:
    """The grants of one person that are in force at this moment."""

    grants: tuple[HeldGrant, ...]

    @classmethod
    def of(cls, grants: Iterable[HeldGrant]) -> Authority:
        """Those of `grants` that are about publishing notices."""
        return cls(tuple(grant for grant in grants if grant.permission == NewsPermission.PUBLISH))

    def covers(self, column_key: str, department_id: int | None = None) -> bool:
        """Whether she may issue, edit and withdraw notices of the column in the name of the department (or of any)."""
        return any(grant.covers(object_key=column_key, department_id=department_id) for grant in self.grants)


NOBODY = Authority(())
"""The authority of somebody without any grant."""
