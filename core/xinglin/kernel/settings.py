"""The settings of the core, section `[xinglin]`; secrets come from the environment or from root-only files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy

from xinglin.types import setting

SECRETS = (
    "wecom_secret",
    "wecom_contacts_secret",
    "wecom_callback_token",
    "wecom_callback_aes_key",
    "smtp_password",
    "sms_token",
)


class SecretMissing(Exception):
    """A secret is needed and was not given."""


@dataclass(frozen=True)
class CoreSettings:
    """What IT sets once. URLs have no trailing slash; durations look like `12 h`."""

    site_name: str = setting(summary="the hospital's name, shown on every page")
    public_url: str = setting(summary="the address people use, such as https://oa.hospital.example")
    database: str = setting(
        summary="an SQLAlchemy URL: sqlite:////var/lib/xinglin/xinglin.db or postgresql+psycopg://…"
    )
    files_folder: Path = setting(summary="the folder of the file store")
    secrets_folder: Path = setting(
        summary="the folder (mode 0700) of the key ring and the secret files (mode 0600)"
    )
    listen: str = setting("127.0.0.1:8080", summary="host:port of the portal")
    plugins: tuple[str, ...] = setting((), summary="names of the modules that are on")
    required: tuple[str, ...] = setting((), summary="modules without which the portal must not start")
    strict: bool = setting(False, summary="true: a broken module stops the start (development and CI)")
    time_zone: str = setting("Asia/Shanghai", summary="an IANA time zone name")
    default_locale: Literal["zh_CN", "en"] = setting("zh_CN", summary="zh_CN or en")
    theme_folder: Path | None = setting(None, summary="a folder with templates that override ours")
    threads: int = setting(4, summary="threads of one portal process, 4 to 8")
    processes: int = setting(1, summary="portal processes, one per core (1 on SQLite)")
    trusted_proxy: str = setting("", summary="address of the reverse proxy whose X-Forwarded-For is believed")
    wecom_corp_id: str = setting("", summary="the enterprise's CorpID")
    wecom_agent_id: int = setting(0, summary="the self-built app's AgentId")
    wecom_api_base: str = setting("https://qyapi.weixin.qq.com", summary="base of the WeCom API")
    wecom_oauth_base: str = setting("https://open.weixin.qq.com", summary="base of OAuth2 web authorisation")
    wecom_login_base: str = setting("https://login.work.weixin.qq.com", summary="base of the PC QR login")
    wecom_user_agents: str = setting("wxwork", summary="a regular expression that knows the WeCom web view")
    silent_login: Literal["in_wecom", "always"] = setting("in_wecom", summary="in_wecom or always (demo)")
    smtp_host: str = setting("", summary="mail server for first-use codes")
    smtp_port: int = setting(25, summary="the mail server's port, such as 25, 465 or 587")
    smtp_security: Literal["none", "starttls", "tls"] = setting("starttls", summary="none, starttls or tls")
    smtp_user: str = setting("", summary="user name at the mail server, empty for none")
    smtp_sender: str = setting("", summary="sender address of the portal's mails")
    sms_url: str = setting("", summary="base of the SMS gateway")
    frame_ancestors: str = setting(
        "'none'", summary="CSP frame-ancestors: who may show the portal in a frame"
    )
    session_phone: timedelta = setting(timedelta(hours=12), summary="how long a staff session lives")
    session_admin: timedelta = setting(
        timedelta(minutes=30), summary="idle time of an administrator's session"
    )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    def secret(self, name: str) -> str:
        """The secret `name`, from `XINGLIN_<NAME>` or the file `<secrets_folder>/<name>`; raises `SecretMissing`."""
        if name not in SECRETS:
            raise KeyError(name)
        value = os.environ.get(f"XINGLIN_{name.upper()}") or self._from_file(name)
        if not value:
            raise SecretMissing(
                f"the secret {name} is not set. Cure: put it into {self.secrets_folder / name} "
                f"(mode 0600) or into the environment variable XINGLIN_{name.upper()}"
            )
        return value

    def _from_file(self, name: str) -> str:
        path = self.secrets_folder / name
        if not path.is_file():
            return ""
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SecretMissing(f"{path} can be read by others. Cure: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()


def check_core_settings(settings: CoreSettings) -> Iterator[tuple[str, str, str]]:
    """What is wrong although each value alone is well-formed: (key, problem, cure)."""
    yield from _check_database(settings.database)
    yield from _check_plugins(settings)
    if settings.database.startswith("sqlite") and settings.processes > 1:
        yield "processes", "SQLite serves one process", "processes = 1, or PostgreSQL"
    for key in ("processes", "threads"):
        if getattr(settings, key) < 1:
            yield key, f"{getattr(settings, key)} cannot serve anybody", "at least 1"
    for key in ("public_url", "wecom_api_base", "wecom_oauth_base", "wecom_login_base"):
        value = getattr(settings, key)
        if not re.fullmatch(r"https?://[^/\s]+(/[^\s]*[^/\s])?", value):
            yield key, f"{value!r} is not an address without a trailing slash", "https://oa.hospital.example"
    if not re.fullmatch(r"[^\s:]+:\d+", settings.listen):
        yield "listen", f"{settings.listen!r} is not host:port", "127.0.0.1:8080"
    if settings.time_zone not in available_timezones():
        yield "time_zone", f"{settings.time_zone!r} is unknown", "an IANA name such as Asia/Shanghai"
    if not is_regular_expression(settings.wecom_user_agents):
        yield "wecom_user_agents", "not a regular expression", "wxwork"


def _check_database(url: str) -> Iterator[tuple[str, str, str]]:
    cure = "sqlite:////var/lib/xinglin/xinglin.db or postgresql+psycopg://…"
    try:
        parsed = sqlalchemy.make_url(url)
    except sqlalchemy.exc.ArgumentError:
        yield "database", "not an SQLAlchemy URL", cure
        return
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        yield "database", f"{parsed.drivername} is not supported", cure
    elif parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        yield "database", "SQLite needs a file here", cure


def _check_plugins(settings: CoreSettings) -> Iterator[tuple[str, str, str]]:
    for name in settings.required:
        if name not in settings.plugins:
            yield "required", f"{name} is not among plugins", f"add {name} to plugins"
    for name in settings.plugins:
        if settings.plugins.count(name) > 1:
            yield "plugins", f"{name} stands there twice", "name each module once"


def is_regular_expression(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
