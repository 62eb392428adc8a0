"""Callbacks sent on command, sound or broken."""

from __future__ import annotations

from typing import Any

from xinglin_simulators.settings import CallbackSettings

from .callbacks import FAULTS, CallbackDelivery
from .contact_events import contacts_target
from .events import event
from .state import Simulator

Json = dict[str, Any]
CONTACT_EVENTS = frozenset({"change_contact", "batch_job_result"})


def _target(simulator: Simulator, name: str, body: Json) -> tuple[CallbackSettings, int | None]:
    if name in CONTACT_EVENTS:
        contacts = contacts_target(simulator)
        if contacts is not None:
            return contacts, None
    agent_id = body.get("agent_id")
    for agent in simulator.settings.agents:
        if agent.callback is not None and agent_id in {None, agent.agent_id}:
            return agent.callback, agent.agent_id
    raise ValueError("no callback is configured: set agents[].callback or contacts_callback in sim.json")


def _fields(simulator: Simulator, name: str, body: Json, agent_id: int | None, later: int = 0) -> Json:
    fields = dict(body.get("fields") or {})
    userid = str(body.get("userid", ""))
    if name == "change_contact":
        fields = {"ChangeType": "update_user", "UserID": userid, "Department": "1", **fields}
        userid = "sys"
    if name == "enter_agent":
        fields.setdefault("EventKey", "")
    if agent_id is not None:
        fields["AgentID"] = agent_id
    created = simulator.clock.now() + later
    return event(simulator.settings.corp_id, userid or "sys", created, name, fields)


def send_callback(simulator: Simulator, body: Json) -> Json:
    """``{"send": event name, "fault": …, "userid": …, "agent_id": …, "fields": {…}}``. Raises ValueError."""
    name, fault = str(body.get("send") or "change_contact"), str(body.get("fault") or "")
    if fault and fault not in FAULTS:
        raise ValueError(f"fault {fault!r} is unknown; use one of {', '.join(sorted(FAULTS))}")
    target, agent_id = _target(simulator, name, body)
    sender = simulator.callbacks
    if fault == "unknown":
        name = "never_heard_of_event"
    first = _fields(simulator, name, body, agent_id)
    sent: list[CallbackDelivery] = []
    if fault == "reordered":
        second = _fields(simulator, name, body, agent_id, later=5)
        sent = [sender.send(target, second, agent_id, fault), sender.send(target, first, agent_id, fault)]
    elif fault == "duplicate":
        sent = [sender.send(target, first, agent_id, fault) for _ in range(2)]
    else:
        sent = [sender.send(target, first, agent_id, fault)]
    return {"started": len(sent)}
