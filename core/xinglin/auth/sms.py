"""Short messages through the hospital's gateway: `POST {sms_url}/messages` with a bearer token."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from xinglin.api.i18n import translator
from xinglin.auth.errors import SendingFailed

_ = translator("core")
logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0


class SmsGateway(Protocol):
    """What a gateway must do. A hospital with another one registers its own factory for `SmsGateway`."""

    def send(self, mobile: str, text: str, reference: str) -> None:
        """Hand over one message, `reference` being ours; raises `SendingFailed`."""


@dataclass(frozen=True)
class HttpSmsGateway:
    """A gateway that takes `{"mobile", "text", "reference"}` as JSON and answers 2xx when it has it."""

    url: str
    token: str
    timeout: float = TIMEOUT_SECONDS

    def send(self, mobile: str, text: str, reference: str) -> None:
        try:
            answer = requests.post(
                f"{self.url}/messages",
                json={"mobile": mobile, "text": text, "reference": reference},
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            logger.warning("the SMS gateway did not answer: %s", type(error).__name__)
            raise _failed() from error
        if not 200 <= answer.status_code < 300:
            logger.warning("the SMS gateway answered %s for %s", answer.status_code, reference)
            raise _failed()


@dataclass(frozen=True)
class NoSmsGateway:
    """The gateway of a hospital that has none."""

    def send(self, mobile: str, text: str, reference: str) -> None:
        raise SendingFailed(
            _("This hospital sends no short messages."), _("Choose another way, or ask the administrator.")
        )


def _failed() -> SendingFailed:
    return SendingFailed(
        _("The short message could not be sent."), _("Try again in a minute, or choose another way.")
    )


def factory(context: Any, request: Any) -> SmsGateway:
    settings = request.settings
    return (
        HttpSmsGateway(settings.sms_url, settings.secret("sms_token")) if settings.sms_url else NoSmsGateway()
    )
