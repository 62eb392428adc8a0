"""The simulator's configuration file (JSON)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class CallbackSettings:
    """Where events go and how they are protected (``aes_key`` has 43 characters)."""

    url: str
    token: str
    aes_key: str


@dataclass(frozen=True)
class AgentSettings:
    """One self-built application."""

    agent_id: int
    secret: str
    name: str = "应用"
    home_url: str = ""
    trusted_domains: tuple[str, ...] = ()
    callback: CallbackSettings | None = None
    visible_users: tuple[str, ...] = ()
    visible_departments: tuple[int, ...] = (1,)
    visible_tags: tuple[int, ...] = ()
    report_enter: bool = False


@dataclass(frozen=True)
class OaSettings:
    """The old OA: where it listens, whom it tells of to-dos (``push_url`` empty: nobody), whom EKP's services know."""

    port: int = 18084
    push_url: str = ""
    push_secret: str = ""
    landray_user: str = "xinglin"
    landray_password: str = ""


@dataclass(frozen=True)
class Settings:
    """Everything from sim.json. ``scale_limits`` multiplies rate limits; 0 switches them off."""

    corp_id: str
    contacts_secret: str
    agents: tuple[AgentSettings, ...]
    host: str = "127.0.0.1"
    wecom_port: int = 18081
    smtp_port: int = 18025
    sms_port: int = 18082
    sms_token: str = ""
    contacts_callback: CallbackSettings | None = None
    people: str = "hospital"
    contact_fields: str = "full"
    scale_limits: float = 1
    seed: str = ""
    oa: OaSettings | None = None


class SettingsError(ValueError):
    """The configuration file has a wrong or unknown entry; the message says which and what to do."""


def _callback(raw: dict[str, Any] | None) -> CallbackSettings | None:
    return CallbackSettings(**raw) if raw else None


def _agent(raw: dict[str, Any]) -> AgentSettings:
    fields = dict(raw)
    fields["callback"] = _callback(raw.get("callback"))
    for name in ("trusted_domains", "visible_users", "visible_departments", "visible_tags"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return AgentSettings(**fields)


def parse_settings(raw: dict[str, Any]) -> Settings:
    """Settings from the parsed JSON. Raises SettingsError."""
    fields = dict(raw)
    try:
        fields["agents"] = tuple(_agent(agent) for agent in raw.get("agents", ()))
        fields["contacts_callback"] = _callback(raw.get("contacts_callback"))
        fields["oa"] = OaSettings(**raw["oa"]) if raw.get("oa") else None
        settings = Settings(**fields)
    except TypeError as error:
        message = f"simulator configuration: {error}; compare it with settings.py"
        raise SettingsError(message) from error
    if settings.people not in {"hospital", "empty"}:
        raise SettingsError('simulator configuration: set "people" to "hospital" or "empty"')
    if settings.contact_fields not in {"full", "ids_only"}:
        raise SettingsError('simulator configuration: set "contact_fields" to "full" or "ids_only"')
    return settings


def load_settings(path: Path, port: int | None = None) -> Settings:
    """Read ``path``; ``port`` overrides the WeCom port. Raises SettingsError or OSError."""
    try:
        settings = parse_settings(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise SettingsError(f"simulator configuration: {path} is not JSON: {error}") from error
    return settings if port is None else replace(settings, wecom_port=port)
