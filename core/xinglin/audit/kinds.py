"""The kind of message that only auditors get; like every `core.` kind it is not among a person's choices."""

from __future__ import annotations

from xinglin.api.i18n import translator
from xinglin.types import PushKind

_ = translator("core")
AUDIT_HEAD = PushKind(
    "core.audit_head",
    _("Audit seal of the day"),
    _("The newest seal of the audit trail, for the auditors."),
    can_mute=False,
)
