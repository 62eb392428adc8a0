"""The messages of documents. What a message says of a closed document is only that there is one."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.types import PushHandler, PushKind

_ = translator("documents")

TO_DO, TO_READ, URGE, RESULT = "documents.to_do", "documents.to_read", "documents.urge", "documents.result"
DEPUTY = "documents.deputy"

KINDS = [
    PushKind(TO_DO, _("Documents to handle"), _("A document waits for you."), can_mute=False, is_task=True),
    PushKind(TO_READ, _("Documents to read"), _("A document was sent to you to read.")),
    PushKind(
        URGE,
        _("Urged documents"),
        _("Somebody asks you to hurry, or a deadline is near."),
        can_mute=False,
        is_task=True,
    ),
    PushKind(RESULT, _("Your own documents"), _("A document that you started has ended or came back.")),
    PushKind(
        DEPUTY,
        _("Deputies"),
        _("You begin to act for a colleague, or somebody acted for you."),
        can_mute=False,
    ),
]
HANDLERS: list[PushHandler] = []
