"""What an error code of WeCom means for us: the vendor's global code table, reduced to six actions."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from types import MappingProxyType


class Action(enum.StrEnum):
    """What the caller does about an error."""

    RETRY = "retry"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - an action
    STOP = "stop"
    UNDELIVERABLE = "undeliverable"
    PAUSE = "pause"
    BAD_REQUEST = "bad_request"


class WeComError(Exception):
    """A call to WeCom failed. `code` is WeCom's errcode, or None when WeCom gave none (network, 5xx, HTML).

    `is_uncertain` is true when the call may have been carried out although we got no answer.
    The text never carries a secret or a token.
    """

    def __init__(
        self, code: int | None, action: Action, message: str, *, api: str = "", is_uncertain: bool = False
    ) -> None:
        self.code = code
        self.action = action
        self.message = scrub(message)
        self.api = api
        self.is_uncertain = is_uncertain
        super().__init__(f"wecom {api}: {code if code is not None else 'no errcode'}: {self.message}")


_CODES: Mapping[Action, frozenset[int]] = MappingProxyType(
    {
        Action.RETRY: frozenset({-1, 6000, 45033}),
        Action.REFRESH_TOKEN: frozenset({40014, 42001}),
        Action.STOP: frozenset(
            {
                *(40001, 40013, 40091, 41002, 41004),  # wrong secret or corp
                *(40056, 301002, 50003, 48002, 48006),  # app: id, token of another, disabled, rights
                *(45024, 45026),  # seats full, guard against mass deletion
                *(50001, 80001, 85005),  # trusted domain
                *(60020, 301042),  # our address is not allowed
            }
        ),
        Action.UNDELIVERABLE: frozenset({40003, 60111, 46004, 81013}),
        Action.PAUSE: frozenset({45009}),
    }
)

ACTIONS: Mapping[int, Action] = MappingProxyType(
    {code: action for action, codes in _CODES.items() for code in codes}
)

NEEDS_ALERT = frozenset({43012, 60011})
"""Refused requests whose cure is in the configuration: recorded for the administrator."""

CURES: Mapping[int, str] = MappingProxyType(
    {
        40001: "put the app's secret of the WeCom console into wecom_secret",
        40013: "set wecom_corp_id to the corp id of the WeCom console",
        40056: "set wecom_agent_id to the app's AgentId",
        40091: "the secret belongs to another corp: check wecom_corp_id and wecom_secret",
        43012: "set the app's callback URL in the WeCom console",
        45024: "buy seats or remove members in the WeCom console",
        45026: "the job would remove too many members: decide in person",
        48002: "give the app this right in the WeCom console",
        50001: "add the portal's host to the app's trusted domains",
        50003: "enable the app in the WeCom console",
        60011: "widen the app's visible range in the WeCom console",
        60020: "add the portal's outgoing address to the app's trusted addresses",
        301002: "wecom_agent_id and wecom_secret belong to different apps",
    }
)


def action_of(code: int, api: str) -> Action:
    """The action for `code`; a code we do not know is a bad request: never repeated, kept for a human."""
    if code == 40001 and api != "gettoken":
        return Action.REFRESH_TOKEN
    return ACTIONS.get(code, Action.BAD_REQUEST)


_SECRET = re.compile(
    r"(?P<name>access_token|corpsecret|secret|code|ticket|user_ticket|response_code|suite_access_token)"
    r"(?P<sign>['\"]?\s*[=:]\s*['\"]?)[^&\s'\"<>,}]+",
    re.IGNORECASE,
)


def scrub(text: str) -> str:
    """`text` without the values of secret parameters, as in URLs that HTTP libraries put into errors."""
    return _SECRET.sub(r"\g<name>\g<sign>***", text)
