"""message/*: sending, recalling, updating."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from xinglin_simulators.settings import AgentSettings

from .api import Answer, Call, endpoint
from .card_rules import INTERACTIVE, check_card, has_response_code
from .errors import ApiError
from .message_rules import checked_content

MAX_USERS, MAX_PARTIES, MAX_TAGS = 1000, 100, 100
DEFAULT_INTERVAL, MAX_INTERVAL = 1800, 14400
UNTITLED = frozenset({"enable_duplicate_check", "duplicate_check_interval"})


@dataclass
class Receivers:
    """Who gets a message (lower-case userids), and what was wrong with the lists."""

    userids: dict[str, None] = field(default_factory=dict)
    invalid_users: list[str] = field(default_factory=list)
    invalid_parties: list[str] = field(default_factory=list)
    invalid_tags: list[str] = field(default_factory=list)
    unlicensed: list[str] = field(default_factory=list)

    def answer(self) -> Answer:
        """The non-empty lists as message/send returns them."""
        lists = {
            "invaliduser": self.invalid_users,
            "invalidparty": self.invalid_parties,
            "invalidtag": self.invalid_tags,
            "unlicenseduser": self.unlicensed,
        }
        return {name: "|".join(values) for name, values in lists.items() if values}


def _split(value: Any, limit: int, code: int) -> list[str]:
    parts = [part.strip() for part in str(value or "").split("|") if part.strip()]
    if len(parts) > limit:
        raise ApiError(code)
    return list(dict.fromkeys(parts))


def resolve_receivers(call: Call, agent: AgentSettings, body: dict[str, Any]) -> Receivers:
    """Members named by touser, toparty and totag. Raises 40032, 82001, 82002, 82003, 81013."""
    simulator = call.simulator
    visible = simulator.visible_to(agent)
    result = Receivers()
    users = _split(body.get("touser"), MAX_USERS, 40032)
    if users == ["@all"]:
        _keep_able(call, result, list(visible), is_named=False)
        return result
    parties = _split(body.get("toparty"), MAX_PARTIES, 82002)
    tags = _split(body.get("totag"), MAX_TAGS, 82003)
    if not users and not parties and not tags:
        raise ApiError(82001)
    lowered = list(dict.fromkeys(user.lower() for user in users))
    result.invalid_users = [key for key in lowered if key not in visible]
    _keep_able(call, result, [key for key in lowered if key in visible], is_named=True)
    _add_groups(call, result, visible, parties, tags)
    if not result.userids and not result.unlicensed:
        raise ApiError(81013, "", **result.answer())
    return result


def _keep_able(call: Call, result: Receivers, keys: list[str], *, is_named: bool) -> None:
    for key in keys:
        member = call.simulator.directory.member(key)
        if member is None or not member.can_receive:
            if is_named:
                result.invalid_users.append(key)
        elif not member.is_licensed:
            result.unlicensed.append(key)
        else:
            result.userids[key] = None


def _add_groups(
    call: Call, result: Receivers, visible: dict[str, None], parties: list[str], tags: list[str]
) -> None:
    directory = call.simulator.directory
    for party in parties:
        if not party.isdigit() or int(party) not in directory.parties:
            result.invalid_parties.append(party)
            continue
        keys = [key for key in directory.under(int(party)) if key in visible]
        _keep_able(call, result, keys, is_named=False)
    for number in tags:
        tag = directory.tags.get(int(number)) if number.isdigit() else None
        if tag is None:
            result.invalid_tags.append(number)
            continue
        keys = [user.lower() for user in tag.users]
        keys += [key for party in tag.parties for key in directory.under(party)]
        _keep_able(call, result, [key for key in keys if key in visible], is_named=False)
    result.unlicensed = list(dict.fromkeys(result.unlicensed))


def _agent(call: Call) -> AgentSettings:
    value = str(call.body.get("agentid", ""))
    return call.simulator.check_agent_of(call.grant, int(value) if value.isdigit() else None)


def _digest(body: dict[str, Any]) -> str:
    relevant = {key: value for key, value in body.items() if key not in UNTITLED}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


@endpoint("POST", "message/send", rights="agent")
def send(call: Call) -> Answer:
    """Send to members; with the duplicate check on, an identical request is answered but not sent again."""
    inbox, body = call.simulator.inbox, call.body
    agent = _agent(call)
    msgtype, content = checked_content(body, call.simulator.media)
    receivers = resolve_receivers(call, agent, body)
    is_checked = int(body.get("enable_duplicate_check") or 0) == 1
    digest = _digest(body) if is_checked else ""
    if is_checked:
        interval = min(int(body.get("duplicate_check_interval") or DEFAULT_INTERVAL), MAX_INTERVAL)
        repeated = inbox.repeated(agent.agent_id, digest, interval)
        if repeated is not None:
            return repeated
    answer = _send_new(call, agent, msgtype, content, receivers)
    if is_checked:
        inbox.remember(agent.agent_id, digest, answer)
    return answer


def _send_new(
    call: Call, agent: AgentSettings, msgtype: str, content: dict[str, Any], receivers: Receivers
) -> Answer:
    simulator = call.simulator
    is_card = msgtype == "template_card"
    if is_card and content.get("card_type") in INTERACTIVE and agent.callback is None:
        raise ApiError(43012)
    seats = max(1, len(simulator.directory))
    now = simulator.clock.now()
    simulator.limits.count_daily(agent.agent_id, len(receivers.userids), seats, now)
    if is_card and content.get("task_id"):
        simulator.inbox.claim_task_id(agent.agent_id, str(content["task_id"]))
    message = simulator.inbox.post(agent.agent_id, msgtype, content, list(receivers.userids))
    answer = {**receivers.answer(), "msgid": message.msgid}
    if is_card and has_response_code(content):
        answer["response_code"] = simulator.inbox.new_response_code(message)
    return answer


@endpoint("POST", "message/recall", rights="agent")
def recall(call: Call) -> Answer:
    """Withdraw a message of this application within 24 h."""
    agent = call.grant.agent
    if agent is None or not call.body.get("msgid"):
        raise ApiError(40063)
    call.simulator.inbox.recall(agent.agent_id, str(call.body["msgid"]))
    return {}


@endpoint("POST", "message/update_template_card", rights="agent")
def update_template_card(call: Call) -> Answer:
    """Replace a card or its button text; each response_code works once."""
    inbox, body = call.simulator.inbox, call.body
    agent = _agent(call)
    card = body.get("template_card")
    button = body.get("button") or {}
    if isinstance(card, dict):
        check_card(card)
    elif not button.get("replace_name"):
        raise ApiError(40058, "button or template_card needed")
    userids, invalid = _update_receivers(call, agent)
    message = inbox.spend_response_code(str(body.get("response_code", "")), agent.agent_id)
    text = str(button.get("replace_name") or (card or {}).get("replace_text") or "")
    inbox.update(message, userids, card if isinstance(card, dict) else None, text)
    return {"invaliduser": invalid} if invalid else {}


def _update_receivers(call: Call, agent: AgentSettings) -> tuple[list[str], list[str]]:
    visible = call.simulator.visible_to(agent)
    body = call.body
    if int(body.get("atall") or 0) == 1:
        return list(visible), []
    named = [str(userid).lower() for userid in body.get("userids") or []]
    if len(named) > MAX_USERS:
        raise ApiError(40032)
    keys = {key: None for key in named if key in visible}
    directory = call.simulator.directory
    for party in body.get("partyids") or []:
        keys.update(dict.fromkeys(directory.under(int(party))))
    for number in body.get("tagids") or []:
        tag = directory.tags.get(int(number))
        keys.update(dict.fromkeys(user.lower() for user in (tag.users if tag else ())))
    return list(keys), [key for key in named if key not in visible]
