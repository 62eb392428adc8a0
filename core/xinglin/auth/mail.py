"""Mail by SMTP (RFC 5321), with a limit on waiting."""

from __future__ import annotations

import logging
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any, Literal

from xinglin.api.i18n import translator
from xinglin.auth.errors import SendingFailed
from xinglin.kernel.settings import CoreSettings

_ = translator("core")
logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class MailSender:
    """Sends one plain text at a time. `security` as in the settings; no user = no login at the mail server."""

    host: str
    port: int
    sender: str
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str = ""
    password: str = ""
    timeout: float = TIMEOUT_SECONDS

    @classmethod
    def of(cls, settings: CoreSettings) -> MailSender:
        password = settings.secret("smtp_password") if settings.smtp_user else ""
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_sender,
            settings.smtp_security,
            settings.smtp_user,
            password,
        )

    def send(self, to: str, subject: str, text: str) -> None:
        """Give the mail to the server; raises `SendingFailed` when it is not taken."""
        if not self.host:
            raise SendingFailed(
                _("This hospital sends no mails."), _("Choose another way, or ask the administrator.")
            )
        try:
            self._deliver(self._message(to, subject, text))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            logger.warning(
                "the mail server %s:%s did not take a mail: %s", self.host, self.port, type(error).__name__
            )
            raise SendingFailed(
                _("The mail could not be sent."), _("Try again in a minute, or choose another way.")
            ) from error

    def _message(self, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = to
        message["Subject"] = subject
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _deliver(self, message: EmailMessage) -> None:
        with self._connect() as server:
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout)


def factory(context: Any, request: Any) -> MailSender:
    return MailSender.of(request.settings)
