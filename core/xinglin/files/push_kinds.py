"""The messages about files; core's own, so they are declared without a module."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.types import PushKind

_ = translator("core")
WITHHELD = "core.file_withheld"
PUSH_KINDS = (
    PushKind(
        WITHHELD,
        _("Files withheld"),
        _("A file of yours was withheld by the virus check."),
        can_mute=False,
    ),
)
