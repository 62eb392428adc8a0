"""Messages sent and what each member received."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from xinglin_simulators.clock import Clock, Ids

from .errors import ApiError
from .limits import RateLimits

RECALL_SECONDS = 86400
RESPONSE_CODE_SECONDS = 72 * 3600


@dataclass
class Message:
    """One accepted message; ``content`` is the part named by ``msgtype``."""

    msgid: str
    agent_id: int
    msgtype: str
    content: dict[str, Any]
    at: float
    is_recalled: bool = False

    @property
    def card_type(self) -> str:
        """text_notice and so on; empty unless a template_card."""
        return str(self.content.get("card_type", "")) if self.msgtype == "template_card" else ""


@dataclass
class Delivery:
    """One message in one member's list. ``state``: delivered, dropped, updated or recalled."""

    number: int
    userid: str
    message: Message
    at: float
    state: str = "delivered"
    content: dict[str, Any] = field(default_factory=dict)
    replaced_text: str = ""
    from_member: bool = False

    @property
    def title(self) -> str:
        """The line shown in lists."""
        return title_of(self.message.msgtype, self.content)

    @property
    def url(self) -> str:
        """Where a tap leads, or empty."""
        return url_of(self.message.msgtype, self.content)


def title_of(msgtype: str, content: dict[str, Any]) -> str:
    """The headline of a message of any type."""
    if msgtype in {"text", "markdown"}:
        return str(content.get("content", "")).strip().split("\n")[0][:60]
    if msgtype in {"news", "mpnews"}:
        articles = content.get("articles") or [{}]
        return str(articles[0].get("title", ""))
    if msgtype == "template_card":
        main = content.get("main_title") or {}
        return str(main.get("title") or content.get("sub_title_text") or "")
    return str(content.get("title", f"[{msgtype}]"))


def url_of(msgtype: str, content: dict[str, Any]) -> str:
    """The first link of a message."""
    if msgtype == "news":
        return str((content.get("articles") or [{}])[0].get("url", ""))
    if msgtype == "template_card":
        return str((content.get("card_action") or {}).get("url", ""))
    return str(content.get("url", ""))


@dataclass
class _ResponseCode:
    message: Message
    expires_at: float


class Inbox:
    """All messages; keyed by lower-case userid."""

    def __init__(self, clock: Clock, ids: Ids, limits: RateLimits) -> None:
        self._clock, self._ids, self.limits = clock, ids, limits
        self._generation = 0
        self.clear()

    def clear(self) -> None:
        """Forget all messages."""
        self._generation += 1
        self._messages: dict[str, Message] = {}
        self._by_user: defaultdict[str, list[Delivery]] = defaultdict(list)
        self._versions: Counter[str] = Counter()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._codes: dict[str, _ResponseCode] = {}
        self._task_ids: set[tuple[int, str]] = set()
        self._sent: dict[tuple[int, str], tuple[float, dict[str, Any]]] = {}
        self._number = 0

    def repeated(self, agent_id: int, digest: str, interval: float) -> dict[str, Any] | None:
        """The answer to an identical request within ``interval`` seconds, if any."""
        found = self._sent.get((agent_id, digest))
        if found is None or found[0] + interval <= self._clock.now():
            return None
        return dict(found[1])

    def remember(self, agent_id: int, digest: str, answer: dict[str, Any]) -> None:
        """Keep an answer for ``repeated``."""
        self._sent[agent_id, digest] = (self._clock.now(), dict(answer))

    def claim_task_id(self, agent_id: int, task_id: str) -> None:
        """Raise 42014 when the application used this task_id before."""
        if (agent_id, task_id) in self._task_ids:
            raise ApiError(42014, "task_id used before")
        self._task_ids.add((agent_id, task_id))

    def post(self, agent_id: int, msgtype: str, content: dict[str, Any], userids: list[str]) -> Message:
        """Deliver to members; above the member limits the copy is kept as dropped."""
        now = self._clock.now()
        message = Message(self._ids.next("msgid", 48), agent_id, msgtype, content, now)
        self._messages[message.msgid] = message
        for userid in userids:
            fits = self.limits.may_receive(agent_id, userid, now)
            self._append(userid, message, "delivered" if fits else "dropped")
        return message

    def post_from_member(self, agent_id: int, userid: str, text: str) -> Message:
        """What a member wrote to the application."""
        msgid = str(int(self._ids.next("upmsgid", 15), 16))
        message = Message(msgid, agent_id, "text", {"content": text}, self._clock.now())
        self._append(userid.lower(), message, "delivered").from_member = True
        return message

    def _append(self, userid: str, message: Message, state: str) -> Delivery:
        self._number += 1
        delivery = Delivery(self._number, userid, message, message.at, state, message.content)
        self._by_user[userid].append(delivery)
        self._versions[userid] += 1
        return delivery

    def version(self, userid: str) -> str:
        """Changes with everything a member can see."""
        return f"{self._generation}-{self._versions[userid.lower()]}"

    def deliveries(self, userid: str = "") -> list[Delivery]:
        """One member's list, or everybody's; oldest first."""
        if userid:
            return list(self._by_user.get(userid.lower(), ()))
        return [delivery for rows in self._by_user.values() for delivery in rows]

    def visible(self, userid: str, agent_id: int) -> list[Delivery]:
        """What the phone shows of one application: all but dropped ones."""
        rows = self._by_user.get(userid.lower(), ())
        return [row for row in rows if row.message.agent_id == agent_id and row.state != "dropped"]

    def seen(self, userid: str, conversation: str) -> int:
        """How many entries of a conversation the member has opened."""
        return self._seen[userid.lower(), conversation]

    def mark_seen(self, userid: str, conversation: str, count: int) -> None:
        """The member opened the conversation when it had ``count`` entries."""
        key = (userid.lower(), conversation)
        if self._seen[key] != count:
            self._seen[key] = count
            self._versions[userid.lower()] += 1

    def delivery(self, userid: str, number: int) -> Delivery | None:
        """One entry of a member's list."""
        return next((row for row in self.deliveries(userid) if row.number == number), None)

    def recall(self, agent_id: int, msgid: str) -> None:
        """Withdraw a message within 24 h. Raises 40058."""
        message = self._messages.get(msgid)
        if message is None or message.agent_id != agent_id:
            raise ApiError(40058, "msgid not found")
        if message.at + RECALL_SECONDS < self._clock.now():
            raise ApiError(40058, "message older than 24 hours")
        message.is_recalled = True
        for userid, rows in self._by_user.items():
            for row in rows:
                if row.message is message and row.state != "dropped":
                    row.state = "recalled"
                    self._versions[userid] += 1

    def new_response_code(self, message: Message) -> str:
        """A one-use code to update a card, valid 72 h."""
        value = self._ids.next("response", 64)
        self._codes[value] = _ResponseCode(message, self._clock.now() + RESPONSE_CODE_SECONDS)
        return value

    def spend_response_code(self, value: str, agent_id: int) -> Message:
        """The card behind a code, once. Raises 60140."""
        code = self._codes.get(value)
        if code is None or code.message.agent_id != agent_id or code.expires_at <= self._clock.now():
            raise ApiError(60140)
        del self._codes[value]
        return code.message

    def update(self, message: Message, userids: list[str], card: dict[str, Any] | None, text: str) -> None:
        """Replace the card, or only its button text, for these members."""
        for userid in userids:
            for row in self._by_user.get(userid, ()):
                if row.message is message and row.state != "dropped":
                    row.state = "updated"
                    row.content = card or row.content
                    row.replaced_text = text
                    self._versions[userid] += 1
