"""The one HTTP way to WeCom: wechatpy's enterprise client with its faults mended (docs/adr/0004)."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from wechatpy.enterprise import WeChatClient
from wechatpy.exceptions import WeChatClientException

from xinglin.wecom.errors import NEEDS_ALERT, Action, WeComError, action_of, scrub
from xinglin.wecom.pauses import PauseBook
from xinglin.wecom.tokens import Fetched, Token, TokenStore, token_key

BUDGET_SECONDS = 5.0
CONNECT_SECONDS = 1.5
LEAST_SECONDS = 0.5
LARGEST_ANSWER = 32 * 1024 * 1024
RETRIES = 3
FIRST_DELAY_SECONDS = 0.2


class _Scrubber(logging.Filter):
    """urllib3 writes whole URLs into its debug log; tokens and secrets are in their queries."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), None
        return True


SCRUBBER = _Scrubber()


class BoundedSession(requests.Session):
    """Ends each request within `timeout` seconds in all, body included, and follows no redirect."""

    def request(self, method: Any, url: Any, *, timeout: float, **options: Any) -> requests.Response:  # type: ignore[override]
        ends = time.monotonic() + timeout
        connect = min(CONNECT_SECONDS, timeout * 0.3)
        arguments = {**options, "allow_redirects": False, "stream": True}
        response = super().request(method, url, timeout=(connect, timeout - connect), **arguments)
        with response:
            # The library's own reading waits anew for every packet: a trickle would hold us for ever.
            response._content = _read_all(response, ends)  # noqa: SLF001 - the library has no public way
        return response


def _read_all(response: requests.Response, ends: float) -> bytes:
    parts, size = [], 0
    while part := response.raw.read1(65536, decode_content=True):
        parts.append(part)
        size += len(part)
        if time.monotonic() > ends or size > LARGEST_ANSWER:
            raise requests.ReadTimeout("the answer is too slow or too long")
    announced = response.headers.get("Content-Length", "")
    if announced.isdigit() and not response.headers.get("Content-Encoding") and size < int(announced):
        raise requests.ConnectionError("the answer was cut off")
    return b"".join(parts)


@dataclass(frozen=True)
class _Plan:
    """How one logical call may behave."""

    is_repeatable: bool
    tolerated: frozenset[int]
    ends: float


class Transport(WeChatClient):
    """`get` and `post` of one secret. Paths only: an absolute URL would bypass the configured base.

    `is_repeatable` (default: for GET) allows up to 3 repeats after a busy server or a lost answer;
    `tolerated` codes are raised without alert or pause; `budget` seconds bound the whole call.
    """

    def __init__(
        self,
        corp_id: str,
        secret: str,
        *,
        api_base: str,
        tokens: TokenStore,
        pauses: PauseBook,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(corp_id, secret, timeout=BUDGET_SECONDS, auto_retry=False)
        self.API_BASE_URL = f"{api_base.rstrip('/')}/cgi-bin/"
        self._http = BoundedSession()
        self._tokens = tokens
        self._pauses = pauses
        self._sleep = sleep
        self.token_key = token_key(corp_id, secret)
        logging.getLogger("urllib3.connectionpool").addFilter(SCRUBBER)

    @property
    def access_token(self) -> str:
        return self._tokens.get(self.token_key, self._fetch).value

    def fetch_access_token(self) -> dict[str, Any]:
        """The own way of wechatpy, without lock, limit and time-out, is closed."""
        raise WeComError(None, Action.BAD_REQUEST, "use the token store", api="gettoken")

    def _request(self, method: str, url_or_endpoint: str, **options: Any) -> dict[str, Any]:
        if "://" in url_or_endpoint:
            raise ValueError(f"{scrub(url_or_endpoint)}: give the path of the API, not an address")
        plan = _Plan(
            is_repeatable=options.pop("is_repeatable", method == "get"),
            tolerated=options.pop("tolerated", frozenset()),
            ends=time.monotonic() + options.pop("budget", BUDGET_SECONDS),
        )
        self._pauses.check(url_or_endpoint)
        return self._persist(method, url_or_endpoint, plan, options)

    def _persist(self, method: str, api: str, plan: _Plan, options: dict[str, Any]) -> dict[str, Any]:
        attempt, is_refreshed = 0, False
        while True:
            token = None
            try:
                token = self._tokens.get(self.token_key, self._fetch, seconds=_left(plan))
                answer = self._once(method, api, token, _left(plan), options)
            except WeComError as error:
                if token is None:
                    error.is_uncertain = False  # the call itself was not made
                if token is not None and error.action is Action.REFRESH_TOKEN:
                    self._doubt(token, error, is_refreshed=is_refreshed)
                    is_refreshed = True
                elif self._may_repeat(error, attempt, plan):
                    attempt += 1
                else:
                    if token is not None:
                        self._note(error, plan)
                    raise
            else:
                if token.is_on_probation:
                    self._tokens.confirm(self.token_key)
                return answer

    def _doubt(self, token: Token, error: WeComError, *, is_refreshed: bool) -> None:
        if is_refreshed or token.is_on_probation:
            raise self._tokens.refuse(self.token_key, token.value, error) from None
        self._tokens.drop(self.token_key, token.value)

    def _may_repeat(self, error: WeComError, attempt: int, plan: _Plan) -> bool:
        """Wait and say yes when the call may and can be made again."""
        if error.action is not Action.RETRY or attempt >= RETRIES:
            return False
        if error.is_uncertain and not plan.is_repeatable:
            return False
        delay = FIRST_DELAY_SECONDS * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - spreads the load
        if time.monotonic() + delay + LEAST_SECONDS > plan.ends:
            return False
        self._sleep(delay)
        return True

    def _note(self, error: WeComError, plan: _Plan) -> None:
        if error.code in plan.tolerated or error.code is None:
            return
        if error.action in {Action.PAUSE, Action.STOP}:
            self._pauses.pause(error)
        elif error.code in NEEDS_ALERT:
            self._pauses.alert(error)

    def _once(
        self, method: str, api: str, token: Token, seconds: float, options: dict[str, Any]
    ) -> dict[str, Any]:
        params = {**options.get("params", {}), "access_token": token.value}
        arguments = {**options, "params": params, "timeout": seconds}
        answer: dict[str, Any] = self._translated(
            api, lambda: super(Transport, self)._request(method, api, **arguments)
        )
        return answer

    def _fetch(self, seconds: float) -> Fetched:
        api = "gettoken"
        self._pauses.check(api)
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        try:
            answer = self._translated(
                api,
                lambda: super(Transport, self)._request("get", api, params=_NoToken(params), timeout=seconds),
            )
            return Fetched(str(answer["access_token"]), int(answer.get("expires_in", 7200)))
        except (KeyError, ValueError):
            raise WeComError(None, Action.RETRY, "no token in the answer", api=api) from None
        except WeComError as error:
            if error.action is Action.PAUSE and error.code is not None:
                self._pauses.pause(error)
            raise

    def _translated(self, api: str, call: Callable[[], Any]) -> Any:
        """Run `call`; every failure becomes a `WeComError` without a chain: the originals carry URLs with secrets."""
        try:
            return call()
        except WeChatClientException as error:
            raise _of_answer(api, error) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise WeComError(
                None, Action.RETRY, type(error).__name__, api=api, is_uncertain=not _never_left(error)
            ) from None
        except _Unreadable as error:
            raise WeComError(None, Action.RETRY, str(error), api=api, is_uncertain=True) from None

    def _decode_result(self, res: requests.Response) -> dict[str, Any]:
        """The envelope; anything else (a proxy's HTML page, half a JSON) is an error, not a result."""
        try:
            answer = json.loads(res.content.decode("utf-8"))
            answer["errcode"] = int(answer["errcode"])
        except (ValueError, TypeError, KeyError):
            raise _Unreadable(f"HTTP {res.status_code} without WeCom's JSON envelope") from None
        return dict(answer)


class _Unreadable(Exception):
    """The answer is not WeCom's."""


class _NoToken(dict[str, str]):
    """Parameters of gettoken: wechatpy asks whether `access_token` is in them before it adds one."""

    def __contains__(self, key: object) -> bool:
        return key == "access_token" or super().__contains__(key)


def _left(plan: _Plan) -> float:
    return max(plan.ends - time.monotonic(), LEAST_SECONDS)


def _of_answer(api: str, error: WeChatClientException) -> WeComError:
    if error.errcode is not None:
        return WeComError(error.errcode, action_of(error.errcode, api), str(error.errmsg), api=api)
    status = error.response.status_code
    if status == 429 or status >= 500:
        return WeComError(None, Action.RETRY, f"HTTP {status}", api=api, is_uncertain=True)
    return WeComError(None, Action.STOP, f"HTTP {status}: check wecom_api_base and the way out", api=api)


def _never_left(error: Exception) -> bool:
    """Whether the request surely never reached WeCom (no connection was made)."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
