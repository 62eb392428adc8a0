"""What can go wrong, in the words of the person to whom it happens."""

from __future__ import annotations

from datetime import datetime

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError

_ = translator("news")


class NoticeMissing(DomainError):
    """There is no such notice for this person; says nothing about whether it exists."""

    def __init__(self) -> None:
        super().__init__(_("This notice does not exist, or it is not addressed to you."), status=404)


class NoticeWithdrawn(DomainError):
    """The notice was addressed to this person and has been withdrawn."""

    def __init__(self) -> None:
        super().__init__(_("This notice has been withdrawn."), status=404)


class NoticeChanged(DomainError):
    """Somebody else saved the notice after this person had opened it."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else has changed this notice since you opened it. Nothing of theirs was overwritten."
            ),
            _("Copy your text, open the notice again and put it in."),
            status=409,
        )


class MayNotPublish(DomainError):
    """The grant does not cover this column and department, or no longer does."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "You may not, or no longer, issue notices of this column for this department. Your draft is kept."
            ),
            _("Ask an administrator to grant or extend your right, then publish the draft."),
            status=403,
        )


class NotReady(DomainError):
    """The notice lacks something that publishing needs."""


class OutsideReach(DomainError):
    """The column may address only the departments of the author's grant."""

    def __init__(self, title: str, names: str) -> None:
        super().__init__(
            _(
                "The column “${column}” may only address the departments of your grant. Outside of it: ${names}.",
                mapping={"column": title, "names": names},
            ),
            _("Choose departments or persons of your own departments, or another column."),
        )


class WrongState(DomainError):
    """The act does not fit the state in which the notice is by now."""

    def __init__(self) -> None:
        super().__init__(
            _("The notice is no longer in the state for this."), _("Open it again and look."), status=409
        )


class ReminderRefused(DomainError):
    """The unread are reminded once; `at` is when that was done, if that is why."""

    def __init__(self, message: str, cure: str = "", *, at: datetime | None = None) -> None:
        super().__init__(message, cure, status=409)
        self.at = at
