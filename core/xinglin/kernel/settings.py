"""The settings of the core, section `[xinglin]`; secrets come from the environment or from root-only files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy

from xinglin.crypto.providers import TokenAccess
from xinglin.types import setting

SECRETS = (
    "wecom_secret",
    "wecom_contacts_secret",
    "wecom_callback_token",
    "wecom_callback_aes_key",
    "smtp_password",
    "sms_token",
    "pkcs11_pin",
    "oa_password",
    "oa_push_secret",
)


LEAST_RETENTION = timedelta(days=184)
"""Network logs are kept for six months at least: Cybersecurity Law of the PRC, the article on log retention."""


class SecretMissing(LookupError):
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
    crypto_suite: Literal["aes", "sm"] = setting(
        "aes", summary="aes (AES-256-GCM) or sm (SM4-GCM, SM3); later changes need `xinglin crypto rotate`"
    )
    crypto_key_provider: str = setting(
        "file", summary="who holds the master key: file, environment, pkcs11, or an installed provider"
    )
    pkcs11_module: Path | None = setting(
        None, summary="for pkcs11: the library of the token's vendor, a .so file"
    )
    pkcs11_token: str = setting("", summary="for pkcs11: the label of the token")
    pkcs11_key: str = setting("xinglin-master", summary="for pkcs11: the label of the key in the token")
    files_url: str = setting("", summary="an fsspec URL such as s3://bucket/files instead of files_folder")
    encrypt_files: bool = setting(
        False, summary="true: pictures are encrypted too; attachments are in any case"
    )
    max_upload_mb: int = setting(200, summary="how large an uploaded file may be, in MB")
    clamd: str = setting(
        "/run/clamav/clamd.ctl", summary="the virus scanner: a unix socket, host:port, or off for none"
    )
    preview_pages: int = setting(50, summary="how many pages of a file are shown at most; 0 = no previews")
    preview_seconds: int = setting(60, summary="how long a converter may work on one file, in seconds")
    preview_memory_mb: int = setting(2048, summary="how much memory a converter may use, in MB, 1024 or more")
    preview_isolation: Literal["required", "if_possible"] = setting(
        "required",
        summary="required: no preview where a converter cannot be kept from the network; if_possible",
    )
    preview_font: Path | None = setting(
        None, summary="a font file with Chinese letters for the watermark; empty: fontconfig chooses"
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
    trusted_proxy: tuple[str, ...] = setting(
        (), summary="addresses or networks of the reverse proxies whose X-Forwarded-For is believed"
    )
    limit_person: int = setting(
        20, summary="requests a second of one person, three times as many at once; 0 = no limit"
    )
    limit_address: int = setting(
        200, summary="requests a second of one address without login, ten times as many at once; 0 = no limit"
    )
    limit_login: int = setting(30, summary="administrators' logins a minute from one address; 0 = no limit")
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
    audit_anchor_file: Path | None = setting(
        None,
        summary="append-only file of the audit seals, best on another disk; empty: audit-anchors.log beside files_folder",
    )
    audit_log_host: str = setting(
        "", summary="log server that hears of each audit seal: udp://host:514 or tcp://host:514 (RFC 5424)"
    )
    audit_auditors: tuple[str, ...] = setting(
        (), summary="staff numbers of the auditors, whom WeCom tells the newest audit seal every day"
    )
    audit_retention: timedelta = setting(
        timedelta(days=366), summary="how long audit records stay in the database at least, 184 d or more"
    )
    backup_folder: Path | None = setting(
        None,
        summary="where backups go, best on another disk; set: the worker takes one a day and tries one a week",
    )
    backup_copy_url: str = setting(
        "",
        summary="a second place for every backup, away from here: an fsspec URL such as s3://bucket/backups",
    )
    backup_keep_daily: int = setting(14, summary="of how many days the newest backup stays")
    backup_keep_weekly: int = setting(8, summary="of how many weeks the newest backup stays")
    backup_wal: bool = setting(
        False, summary="true: PostgreSQL's WAL is kept all the time, to restore to any moment"
    )
    backup_keys_folder: Path | None = setting(
        None,
        summary="where keys.json is copied at each backup, apart from the backups; no use without the master key",
    )
    backup_custodians: str = setting(
        "", summary="who hold the shares of the master key, for the emergency pack; divided by ;"
    )
    backup_contacts: str = setting(
        "", summary="whom to call when all is lost, for the emergency pack; divided by ;"
    )
    postgresql_tools: Path | None = setting(
        None, summary="the folder of pg_basebackup and its like; empty: they are on PATH"
    )
    postgresql_user: str = setting("postgres", summary="whom a restored server runs as when root restores it")

    @property
    def token(self) -> TokenAccess:
        return TokenAccess(
            self.pkcs11_module, self.pkcs11_token, self.pkcs11_key, partial(self.secret, "pkcs11_pin")
        )

    @property
    def anchor_file(self) -> Path:
        return self.audit_anchor_file or self.files_folder.parent / "audit-anchors.log"

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
    yield from _check_audit(settings)
    yield from _check_backup(settings)
    if settings.database.startswith("sqlite") and settings.processes > 1:
        yield "processes", "SQLite serves one process", "processes = 1, or PostgreSQL"
    yield from _check_previews(settings)
    if not re.fullmatch(r"off|/.+|[^\s/]+:\d+", settings.clamd):
        yield "clamd", f"{settings.clamd!r} is no scanner", "/run/clamav/clamd.ctl, 127.0.0.1:3310, or off"
    for key in ("processes", "threads", "max_upload_mb"):
        if getattr(settings, key) < 1:
            yield key, f"{getattr(settings, key)} cannot serve anybody", "at least 1"
    for key in ("public_url", "wecom_api_base", "wecom_oauth_base", "wecom_login_base"):
        value = getattr(settings, key)
        if not re.fullmatch(r"https?://[^/\s]+(/[^\s]*[^/\s])?", value):
            yield key, f"{value!r} is not an address without a trailing slash", "https://oa.hospital.example"
    if not re.fullmatch(r"[^\s:]+:\d+", settings.listen):
        yield "listen", f"{settings.listen!r} is not host:port", "127.0.0.1:8080"
    yield from _check_proxies(settings.trusted_proxy)
    if settings.time_zone not in available_timezones():
        yield "time_zone", f"{settings.time_zone!r} is unknown", "an IANA name such as Asia/Shanghai"
    if not is_regular_expression(settings.wecom_user_agents):
        yield "wecom_user_agents", "not a regular expression", "wxwork"


def _check_previews(settings: CoreSettings) -> Iterator[tuple[str, str, str]]:
    for key, least in (("preview_pages", 0), ("preview_seconds", 1), ("preview_memory_mb", 1024)):
        if getattr(settings, key) < least:
            yield key, f"{getattr(settings, key)} is too little", f"at least {least}"
    if settings.preview_font is not None and not settings.preview_font.is_file():
        yield "preview_font", f"{settings.preview_font} is no file", "a font file, or leave it empty"


def _check_proxies(proxies: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for text in proxies:
        if not is_network(text):
            yield "trusted_proxy", f"{text!r} is no address or network", "127.0.0.1 or 10.20.0.0/16"


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


def _check_audit(settings: CoreSettings) -> Iterator[tuple[str, str, str]]:
    if settings.audit_retention < LEAST_RETENTION:
        days = settings.audit_retention.days
        yield "audit_retention", f"{days} days are less than the six months of the law", "184 d or more"
    if settings.audit_log_host and not re.fullmatch(r"(udp|tcp)://[^\s:/]+:\d+", settings.audit_log_host):
        yield (
            "audit_log_host",
            f"{settings.audit_log_host!r} is no log server",
            "udp://log.hospital.example:514",
        )


def _check_backup(settings: CoreSettings) -> Iterator[tuple[str, str, str]]:
    if settings.backup_keep_daily < 1:
        yield "backup_keep_daily", "no backup would stay", "at least 1"
    if settings.backup_folder is None:
        for key in ("backup_copy_url", "backup_wal"):
            if getattr(settings, key):
                yield key, "there are no backups without backup_folder", "set backup_folder"
    if settings.backup_wal and settings.database.startswith("sqlite"):
        yield "backup_wal", "SQLite has no WAL that could be kept", "backup_wal = false"
    keys, folder = settings.backup_keys_folder, settings.backup_folder
    if keys and folder and keys.is_relative_to(folder):
        yield "backup_keys_folder", "keys do not belong into the backups", "a folder on another medium"


def _check_plugins(settings: CoreSettings) -> Iterator[tuple[str, str, str]]:
    for name in settings.required:
        if name not in settings.plugins:
            yield "required", f"{name} is not among plugins", f"add {name} to plugins"
    for name in settings.plugins:
        if settings.plugins.count(name) > 1:
            yield "plugins", f"{name} stands there twice", "name each module once"


def is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def is_regular_expression(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
