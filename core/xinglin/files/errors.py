"""How the store says no."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.api.services import DomainError, NotFound

_ = translator("core")


class FileRefused(DomainError):
    """The upload is not acceptable; the sentence says why and what to do instead."""

    status = 422


class FileHeld(DomainError):
    """The file is there and may not be read: it is being checked, or was found to be harmful."""

    status = 423

    @classmethod
    def checking(cls) -> FileHeld:
        return cls(
            _("The file is being checked for viruses."),
            _("Try again in a moment; if it stays so, tell the IT department."),
        )

    @classmethod
    def withheld(cls) -> FileHeld:
        return cls(
            _("The file was withheld by the virus check."),
            _("Ask the sender for a clean copy, or the IT department for a release."),
        )


class UploadMissing(NotFound):
    """There is no such upload of this person."""

    def __init__(self) -> None:
        super().__init__(_("This upload does not exist, or is not yours."), _("Begin the upload again."))


class WrongOffset(DomainError):
    """The piece does not begin where the upload stands; `offset` says where it goes on."""

    status = 409

    def __init__(self, offset: int) -> None:
        super().__init__(
            _("The piece does not join what has arrived."),
            _("Ask where the upload stands and go on from there."),
        )
        self.offset = offset
