"""change_contact and other events caused by hand (control interface, phones)."""

from __future__ import annotations

from typing import Any

from xinglin_simulators.settings import AgentSettings, CallbackSettings

from .callbacks import CallbackDelivery
from .directory import Member, PartyNode
from .events import event, member_fields, party_fields
from .state import Simulator


def contacts_target(simulator: Simulator) -> CallbackSettings | None:
    """Where contact events go."""
    return simulator.settings.contacts_callback


def send_contact_event(
    simulator: Simulator, change: str, fields: dict[str, Any], fault: str = ""
) -> CallbackDelivery | None:
    """One change_contact event; None without a contacts callback."""
    target = contacts_target(simulator)
    if target is None:
        return None
    body = event(
        simulator.settings.corp_id,
        "sys",
        simulator.clock.now(),
        "change_contact",
        {"ChangeType": change, **fields},
    )
    return simulator.callbacks.send(target, body, None, fault)


def member_changed(simulator: Simulator, change: str, member: Member) -> CallbackDelivery | None:
    """create_user, update_user or delete_user in the form of the switch ``contact_fields``."""
    is_full = simulator.switches.contact_fields == "full"
    fields = {"UserID": member.userid} if change == "delete_user" else member_fields(member, is_full=is_full)
    return send_contact_event(simulator, change, fields)


def party_changed(simulator: Simulator, change: str, node: PartyNode) -> CallbackDelivery | None:
    """create_party, update_party or delete_party."""
    is_full = simulator.switches.contact_fields == "full"
    fields = {"Id": node.id} if change == "delete_party" else party_fields(node, is_full=is_full)
    return send_contact_event(simulator, change, fields)


def send_agent_event(
    simulator: Simulator, agent: AgentSettings, userid: str, name: str, fields: dict[str, Any]
) -> CallbackDelivery | None:
    """An event of one application; None when it has no callback."""
    if agent.callback is None:
        return None
    extra = {**fields, "AgentID": agent.agent_id}
    body = event(simulator.settings.corp_id, userid, simulator.clock.now(), name, extra)
    return simulator.callbacks.send(agent.callback, body, agent.agent_id)


def send_member_text(
    simulator: Simulator, agent: AgentSettings, userid: str, text: str, msgid: str
) -> CallbackDelivery | None:
    """A text that a member wrote to the application."""
    if agent.callback is None:
        return None
    body = {
        "ToUserName": simulator.settings.corp_id,
        "FromUserName": userid,
        "CreateTime": int(simulator.clock.now()),
        "MsgType": "text",
        "Content": text,
        "MsgId": int(msgid),
        "AgentID": agent.agent_id,
    }
    return simulator.callbacks.send(agent.callback, body, agent.agent_id)
