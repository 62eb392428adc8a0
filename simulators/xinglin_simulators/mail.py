"""An SMTP server that keeps what it receives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from .clock import Clock
from .faults import FaultBook, apply_wait


@dataclass(frozen=True)
class Mail:
    """One received mail, decoded; ``at`` in simulated seconds since the epoch."""

    number: int
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]
    at: float


class Mailbox:
    """All received mails; also the SMTP handler."""

    def __init__(self, clock: Clock, faults: FaultBook) -> None:
        self._clock, self._faults = clock, faults
        self._mails: list[Mail] = []
        self.version = 0

    def clear(self) -> None:
        """Forget all mails."""
        self._mails.clear()
        self.version += 1

    def mails(self, to: str = "") -> list[Mail]:
        """Mails to this address (ignoring case), or all; oldest first."""
        wanted = to.lower()
        return [mail for mail in self._mails if not to or wanted in (one.lower() for one in mail.to)]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd for each mail; the path of faults is ``smtp``."""
        is_lost = False
        for fault in self._faults.take("smtp"):
            await apply_wait(fault)
            if fault.kind in {"refuse", "errcode", "http_status"}:
                return f"{int(fault.value) or 451} refused by the simulator"
            if fault.kind in {"hang", "reset"}:
                return "421 closing"
            is_lost = fault.kind == "done_but_lost"
        self._keep(envelope)
        if is_lost and server.transport is not None:
            server.transport.close()
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        parsed = message_from_bytes(raw, policy=policy.default)
        self.version += 1
        self._mails.append(
            Mail(
                number=self.version,
                sender=envelope.mail_from or "",
                to=tuple(envelope.rcpt_tos),
                subject=str(parsed.get("Subject", "")),
                text=_body(parsed, "plain"),
                html=_body(parsed, "html"),
                attachments=tuple(part.get_filename() or "" for part in parsed.iter_attachments()),
                at=self._clock.now(),
            )
        )


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


async def start_mail(mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    """Listen for SMTP on the running loop; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(mailbox, enable_SMTPUTF8=True, hostname="mail.hospital.example"), host, port
    )
