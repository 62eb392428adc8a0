"""Passive replies: what an application answers directly to a callback."""

from __future__ import annotations

from .callbacks import CallbackDelivery, xml_text
from .inbox import Inbox


def apply_reply(inbox: Inbox, delivery: CallbackDelivery) -> None:
    """Show a text reply on the member's phone; change the clicked card's button for ``update_button``."""
    userid = str(delivery.fields.get("FromUserName", "")).lower()
    kind = xml_text(delivery.reply, "MsgType")
    if not userid or delivery.agent_id is None:
        return
    if kind == "text":
        inbox.post(delivery.agent_id, "text", {"content": xml_text(delivery.reply, "Content")}, [userid])
    elif kind == "update_button":
        code = str(delivery.fields.get("ResponseCode", ""))
        message = inbox.spend_response_code(code, delivery.agent_id)
        inbox.update(message, [userid], None, xml_text(delivery.reply, "ReplaceName"))
