"""WeCom as the rest of the house sees it: typed calls, typed answers, `WeComError` when it fails.

Never call this inside a database transaction that writes: the shared token store has its own short
transactions, and a network call must not hold a lock.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from xinglin.kernel.settings import SecretMissing
from xinglin.wecom.answers import (
    BatchResult,
    DepartmentNode,
    JsapiSignature,
    MemberPlace,
    SendResult,
    WeComDepartment,
    WeComMember,
)
from xinglin.wecom.bodies import text_notice
from xinglin.wecom.errors import Action, WeComError
from xinglin.wecom.pauses import PauseBook
from xinglin.wecom.tokens import Fetched, TokenStore, token_key
from xinglin.wecom.transport import Transport

if TYPE_CHECKING:
    from xinglin.crypto.service import Keyring
    from xinglin.kernel.db import Database
    from xinglin.kernel.settings import CoreSettings
    from xinglin.types import Clock

PAGE = 10_000
ROOT_DEPARTMENT = 1
CODE_SPENT = 60140
NO_RIGHT = frozenset({48002, 60011})
UPLOAD_SECONDS = 60.0


class WeComClient:
    """One per process, safe for threads. Every call ends within 5 s (an upload within 60 s)."""

    def __init__(
        self,
        settings: CoreSettings,
        keyring: Keyring,
        database: Database,
        clock: Clock,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tokens = TokenStore(database, keyring, clock, sleep=sleep)
        self._pauses = PauseBook(database, clock, keyring)
        self._sleep = sleep
        self._transports: dict[str, Transport] = {}

    # --- who is it -------------------------------------------------------------------------------

    def authorize_url(self, redirect: str, state: str) -> str:
        """The page that logs a member in silently inside WeCom (OAuth2, `snsapi_base`)."""
        query = {
            "appid": self._settings.wecom_corp_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
            "agentid": self._settings.wecom_agent_id,
        }
        base = self._settings.wecom_oauth_base.rstrip("/")
        return f"{base}/connect/oauth2/authorize?{urlencode(query, quote_via=quote)}#wechat_redirect"

    def qr_login_url(self, redirect: str, state: str, locale: str = "zh_CN") -> str:
        """The page with the QR code for a browser outside WeCom."""
        query = {
            "login_type": "CorpApp",
            "appid": self._settings.wecom_corp_id,
            "agentid": self._settings.wecom_agent_id,
            "redirect_uri": redirect,
            "state": state,
            "lang": "en" if locale.startswith("en") else "zh",
        }
        base = self._settings.wecom_login_base.rstrip("/")
        return f"{base}/wwlogin/sso/login?{urlencode(query, quote_via=quote)}"

    def user_of_code(self, code: str) -> str | None:
        """The userid behind a login code; None when the code is bad, used, expired, or not of a member."""
        try:
            answer = self._app.get("auth/getuserinfo", params={"code": code}, is_repeatable=False)
        except WeComError as error:
            if error.code == 40029:
                return None
            raise
        userid = answer.get("userid")
        return str(userid) if userid else None

    # --- messages --------------------------------------------------------------------------------

    def send_card(
        self,
        userids: Iterable[str],
        title: str,
        description: str,
        url: str,
        *,
        source: str = "",
    ) -> SendResult:
        """Send a notice at once to ≤ 1000 members, with the duplicate check on. Business code uses push instead."""
        body = text_notice(
            self._settings.wecom_agent_id,
            userids,
            title=title,
            description=description,
            url=url,
            source=source or self._settings.site_name,
        )
        return self.send_body(body)

    def send_body(self, body: Mapping[str, Any]) -> SendResult:
        """`message/send` with exactly this body; equal bodies give equal bytes (WeCom drops the double)."""
        data = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        answer = self._app.post(
            "message/send", data=data, is_repeatable=body.get("enable_duplicate_check") == 1
        )
        return SendResult.parse(answer)

    def change_card(self, response_code: str, userids: Sequence[str], text: str) -> bool:
        """Let the button of a card say `text` and do nothing any more; False when its code was spent or is too old."""
        body = {
            "userids": list(userids),
            "agentid": self._settings.wecom_agent_id,
            "response_code": response_code,
            "button": {"replace_name": text},
        }
        try:
            self._app.post("message/update_template_card", data=body, is_repeatable=True)
        except WeComError as error:
            if error.code != CODE_SPENT:
                raise
            return False
        return True

    def recall(self, msgid: str) -> None:
        """Take a message back within 24 hours."""
        self._app.post("message/recall", data={"msgid": msgid}, is_repeatable=True)

    def paused_until(self, api: str) -> datetime | None:
        """Until when this API must be left alone (45009 or an alert); None when it is free.

        For "gettoken" a refused secret or token of the app counts too: then WeCom is out of order for us.
        """
        until = self._pauses.until(api)
        if api != "gettoken":
            return until
        try:
            refused = self._tokens.refused_until(self._app.token_key)
        except WeComError:  # no secret is set: nothing can be refused
            return until
        return max((moment for moment in (until, refused) if moment is not None), default=None)

    # --- contacts --------------------------------------------------------------------------------

    def departments(self) -> list[WeComDepartment]:
        """All departments that we may see, with names."""
        answer = self._read("department/list")
        return [WeComDepartment.parse(row) for row in answer.get("department", ())]

    def department_nodes(self) -> list[DepartmentNode]:
        """The tree by ids only: the form that a contacts secret made after 2022-08 may read."""
        answer = self._read("department/simplelist")
        return [DepartmentNode.parse(row) for row in answer.get("department_id", ())]

    def department(self, department_id: int) -> WeComDepartment | None:
        """One department; None when it is gone."""
        answer = self._read("department/get", gone=frozenset({60003, 60123}), id=department_id)
        return WeComDepartment.parse(answer["department"]) if answer else None

    def members(self, department_id: int) -> list[WeComMember]:
        """The members directly in a department; contact fields may be empty (rules of 2022)."""
        answer = self._read("user/list", department_id=department_id)
        return [WeComMember.parse(row) for row in answer.get("userlist", ())]

    def member(self, userid: str) -> WeComMember | None:
        """One member; None when there is no such userid (any more)."""
        answer = self._read("user/get", gone=frozenset({60111, 40003, 46004}), userid=userid)
        return WeComMember.parse(answer) if answer else None

    def member_ids(self) -> Iterator[MemberPlace]:
        """Every (userid, department) pair of the corp, page by page (needs the contacts secret)."""
        cursor = ""
        while True:
            data = {"cursor": cursor, "limit": PAGE}
            answer = self._contacts.post("user/list_id", data=data, is_repeatable=True)
            for row in answer.get("dept_user", ()):
                yield MemberPlace(str(row["userid"]), int(row["department"]))
            following = str(answer.get("next_cursor") or "")
            if not following or following == cursor:
                return
            cursor = following

    def create_members_batch(
        self, csv: bytes, *, file_name: str = "members.csv", to_invite: bool = False
    ) -> str:
        """Create or update members from WeCom's CSV (UTF-8); the id of the job. See `batch_result`."""
        media_id = self._upload(self._contacts, "file", file_name, csv)
        data = {"media_id": media_id, "to_invite": to_invite, **self._batch_callback()}
        return str(self._contacts.post("batch/syncuser", data=data)["jobid"])

    def batch_result(self, jobid: str) -> BatchResult:
        """How far a job is, and its result per member when done."""
        return BatchResult.parse(self._contacts.get("batch/getresult", params={"jobid": jobid}))

    # --- files and scripts -------------------------------------------------------------------------

    def upload_media(self, kind: str, name: str, content: bytes) -> str:
        """The media_id (valid 3 days) of a temporary image, voice, video or file."""
        return self._upload(self._app, kind, name, content)

    def jsapi_signature(self, url: str, *, for_agent: bool = False) -> JsapiSignature:
        """What a page at `url` needs for `wx.config` (or `agentConfig`)."""
        ticket = self._ticket(for_agent=for_agent)
        nonce, stamp = secrets.token_hex(8), int(self._clock.now().timestamp())
        text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={stamp}&url={url.partition('#')[0]}"
        signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        return JsapiSignature(
            self._settings.wecom_corp_id, self._settings.wecom_agent_id, stamp, nonce, signature
        )

    # --- inside ------------------------------------------------------------------------------------

    @property
    def _app(self) -> Transport:
        try:
            return self._transport(self._settings.secret("wecom_secret"))
        except SecretMissing as error:
            raise WeComError(None, Action.STOP, str(error), api="gettoken") from None

    @property
    def _contacts(self) -> Transport:
        """The way with the contacts secret; a site without one reads with the app's."""
        try:
            return self._transport(self._settings.secret("wecom_contacts_secret"))
        except SecretMissing:
            return self._app

    def _transport(self, secret: str) -> Transport:
        if secret not in self._transports:
            self._transports[secret] = Transport(
                self._settings.wecom_corp_id,
                secret,
                api_base=self._settings.wecom_api_base,
                tokens=self._tokens,
                pauses=self._pauses,
                sleep=self._sleep,
            )
        return self._transports[secret]

    def _read(self, api: str, gone: frozenset[int] = frozenset(), **params: str | int) -> dict[str, Any]:
        """Read contacts; when the contacts secret may not (rules of 2022), with the app's own secret."""
        contacts = self._contacts
        if contacts is not self._app:
            try:
                return self._found(contacts, api, gone | NO_RIGHT, gone, params)
            except WeComError as error:
                if error.code not in NO_RIGHT:
                    raise
        return self._found(self._app, api, gone, gone, params)

    def _found(
        self,
        transport: Transport,
        api: str,
        tolerated: frozenset[int],
        gone: frozenset[int],
        params: Mapping[str, str | int],
    ) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = transport.get(api, params=dict(params), tolerated=tolerated)
        except WeComError as error:
            if error.code in gone:
                return {}
            raise
        return answer

    def _upload(self, transport: Transport, kind: str, name: str, content: bytes) -> str:
        # From bytes, never from an open file: a repeat would send what is left of it, nothing.
        answer = transport.post(
            "media/upload",
            params={"type": kind},
            files={"media": (name, content)},
            is_repeatable=True,
            budget=UPLOAD_SECONDS,
        )
        return str(answer["media_id"])

    def _batch_callback(self) -> dict[str, Any]:
        try:
            token = self._settings.secret("wecom_callback_token")
            aes_key = self._settings.secret("wecom_callback_aes_key")
        except SecretMissing:
            return {}
        url = f"{self._settings.public_url.rstrip('/')}/wecom/callback"
        return {"callback": {"url": url, "token": token, "encodingaeskey": aes_key}}

    def _ticket(self, *, for_agent: bool) -> str:
        kind = "agent_ticket" if for_agent else "jsapi_ticket"

        def fetch(_seconds: float) -> Fetched:
            api = "ticket/get" if for_agent else "get_jsapi_ticket"
            params = {"type": "agent_config"} if for_agent else {}
            answer = self._app.get(api, params=params)
            return Fetched(str(answer["ticket"]), int(answer.get("expires_in", 7200)))

        # An app's ticket is not good for another app, so the key is made of the app's own secret.
        key = token_key(self._settings.wecom_corp_id, self._settings.secret("wecom_secret"), kind)
        return self._tokens.get(key, fetch).value


__all__ = ["Action", "SendResult", "WeComClient", "WeComError"]
