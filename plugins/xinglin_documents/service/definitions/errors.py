"""What can go wrong with versions of processes, in the words of who keeps them."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError, NotFound

_ = translator("documents")


class ProcessMissing(NotFound):
    """There is no such process, or none of its versions may be started."""

    def __init__(self) -> None:
        super().__init__(
            _("This process does not exist or is switched off."), _("Choose another one from the list.")
        )


class DraftChanged(DomainError):
    """Somebody else saved or published since this page was opened."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else has saved this process since you opened it. Nothing of theirs was overwritten."),
            _("Copy your text, open the process again and put it in."),
            status=409,
        )


class NothingToPublish(DomainError):
    """There is no draft, or it says the same as the live version."""

    def __init__(self) -> None:
        super().__init__(
            _("There is no draft that differs from the live version."),
            _("Save your changes first."),
            status=409,
        )


class ProcessExists(DomainError):
    """The key of a new process is taken."""

    def __init__(self, key: str) -> None:
        super().__init__(
            _("There is a process “${key}” already.", mapping={"key": key}),
            _("Choose another key."),
            status=409,
        )


class ReasonMissing(DomainError):
    """Publishing and moving are written down with a reason."""

    def __init__(self) -> None:
        super().__init__(
            _("A reason is missing."), _("Say in a few words why; it stands in the audit trail.")
        )


class TextTooLarge(DomainError):
    """Even a draft has its limit."""

    def __init__(self, kilobytes: int) -> None:
        super().__init__(
            _("The text is too large for a process."),
            _(
                "At most ${kilobytes} KB: make processes of their own of its parts.",
                mapping={"kilobytes": kilobytes},
            ),
        )


class NotLive(DomainError):
    """Documents are moved to the live version only."""

    def __init__(self) -> None:
        super().__init__(
            _("Running documents can be moved to the live version only."),
            _("Open the list again and look."),
            status=409,
        )
