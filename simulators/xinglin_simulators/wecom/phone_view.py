"""What one phone shows: conversations, bubbles, mails and text messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from xinglin_simulators.settings import AgentSettings

from .directory import Member
from .inbox import Delivery
from .markup import card_html, markdown_html, text_html
from .state import Simulator

SHOWN_MESSAGES = 80


@dataclass(frozen=True)
class Bubble:
    """One message as drawn; ``kind`` chooses the drawing in bubbles.html."""

    number: int
    kind: str
    at: float
    title: str
    url: str
    body: Markup
    content: dict[str, Any]
    state: str = "delivered"
    replaced_text: str = ""
    is_own: bool = False


@dataclass(frozen=True)
class Conversation:
    """One entry of the list; ``key`` is app-<agentid>, sms or mail."""

    key: str
    name: str
    kind: str
    last: str
    at: float
    unread: int
    count: int
    bubbles: tuple[Bubble, ...]


class PhoneView:
    """Builds the parts of one member's phone."""

    def __init__(self, simulator: Simulator, member: Member) -> None:
        self._simulator, self._member = simulator, member

    @property
    def version(self) -> str:
        """Changes whenever the phone must be redrawn."""
        simulator = self._simulator
        return (
            f"{simulator.inbox.version(self._member.userid)}."
            f"{simulator.sms.version}.{simulator.mailbox.version}"
        )

    def open_link(self, address: str) -> str:
        """The address that swaps the cookies and then goes to ``address``."""
        return f"/phone/{self._member.userid}/open?url={quote(address, safe='')}"

    def agents(self) -> list[AgentSettings]:
        """Applications that this member can see."""
        key = self._member.userid.lower()
        return [one for one in self._simulator.settings.agents if key in self._simulator.visible_to(one)]

    def conversations(self) -> list[Conversation]:
        """Applications first by latest message, then SMS and mail."""
        apps = [self._app(agent) for agent in self.agents()]
        rows = [*apps, *self._sms(), *self._mail()]
        return sorted(rows, key=lambda row: -row.at)

    def _app(self, agent: AgentSettings) -> Conversation:
        userid = self._member.userid
        rows = self._simulator.inbox.visible(userid, agent.agent_id)
        last = rows[-1] if rows else None
        return Conversation(
            key=f"app-{agent.agent_id}",
            name=agent.name,
            kind="app",
            last=_preview(last) if last else "暂无消息",
            at=last.at if last else 0,
            unread=self._unread(f"app-{agent.agent_id}", len(rows)),
            count=len(rows),
            bubbles=tuple(self._bubble(row) for row in rows[-SHOWN_MESSAGES:]),
        )

    def _unread(self, conversation: str, count: int) -> int:
        return max(0, count - self._simulator.inbox.seen(self._member.userid, conversation))

    def _bubble(self, row: Delivery) -> Bubble:
        msgtype = row.message.msgtype
        return Bubble(
            number=row.number,
            kind=msgtype,
            at=row.at,
            title=row.title,
            url=row.url,
            body=self._body(msgtype, row.content),
            content=row.content,
            state=row.state,
            replaced_text=row.replaced_text,
            is_own=row.from_member,
        )

    def _body(self, msgtype: str, content: dict[str, Any]) -> Markup:
        if msgtype == "text":
            return text_html(str(content.get("content", "")), self.open_link)
        if msgtype == "markdown":
            return markdown_html(str(content.get("content", "")), self.open_link)
        if msgtype == "textcard":
            return card_html(str(content.get("description", "")))
        return Markup()

    def _plain(self, kind: str, name: str, rows: list[tuple[float, str, str]]) -> list[Conversation]:
        if not rows:
            return []
        bubbles = tuple(
            Bubble(index, kind, at, title, "", text_html(linked(text), self.open_link), {})
            for index, (at, title, text) in enumerate(rows)
        )
        at, title, text = rows[-1]
        count = len(rows)
        unread = self._unread(kind, count)
        return [Conversation(kind, name, kind, title or text, at, unread, count, bubbles[-SHOWN_MESSAGES:])]

    def _sms(self) -> list[Conversation]:
        rows = [] if not self._member.mobile else self._simulator.sms.messages(self._member.mobile)
        return self._plain("sms", "短信", [(row.at, "", row.text) for row in rows])

    def _mail(self) -> list[Conversation]:
        rows = [] if not self._member.email else self._simulator.mailbox.mails(self._member.email)
        return self._plain("mail", "邮箱", [(row.at, row.subject, row.text) for row in rows])


def linked(text: str) -> str:
    """Bare web addresses as links, the way phones show SMS and mail."""
    words = []
    for line in text.split("\n"):
        parts = [
            f'<a href="{word}">{word}</a>' if word.startswith(("http://", "https://")) else word
            for word in line.split(" ")
        ]
        words.append(" ".join(parts))
    return "\n".join(words)


def _preview(row: Delivery) -> str:
    if row.state == "recalled":
        return "撤回了一条消息"
    labels = {"image": "[图片]", "voice": "[语音]", "video": "[视频]", "file": "[文件]"}
    return labels.get(row.message.msgtype) or row.title
