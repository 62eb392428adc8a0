"""`xinglin demo`: the portal, the simulators and a fictional hospital, made once and kept in the site's folder."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import click
import pyotp
from sqlalchemy import select

from xinglin.auth import breakglass
from xinglin.auth.models import Administrator, AdministratorRole
from xinglin.kernel import configuration, migrate, site_keys, supervise
from xinglin.kernel.cli_context import CliContext
from xinglin.kernel.ini import IniFile
from xinglin.kernel.settings import CoreSettings
from xinglin.kernel.site import read_settings
from xinglin.people.models import Person
from xinglin.people.tasks import import_workbook, sync_from_wecom

CONTACTS = "wecom_contacts_secret"
LOGIN = "admin"
OA_ENDPOINT = "oa_endpoint"
"""The key of the ini that says where the simulated OA listens."""
ADMINISTRATORS = {
    LOGIN: ("系统管理员", AdministratorRole.SYSTEM),
    "guard": ("安全管理员", AdministratorRole.SECURITY),
    "auditor": ("审计管理员", AdministratorRole.AUDIT),
}


def run(context: CliContext) -> int:
    """Set up what is missing, start everything, print the addresses; the exit code."""
    ini, settings = read_settings(context.path)  # type: ignore[attr-defined]
    _make_secrets(settings)
    settings.files_folder.mkdir(parents=True, exist_ok=True)
    migrate.upgrade(context.database, context.plugins)
    simulators = _start_simulators(ini, settings)
    try:
        _hire_everybody(context)
        password = _administrators(context)
        _print_addresses(settings, password)
        configuration.note(context)
        return supervise.Supervisor(supervise.children_of(context)).run()
    finally:
        simulators.terminate()
        simulators.wait(timeout=10)


def current_code(context: CliContext, login: str = LOGIN) -> str:
    """A demo administrator's code of this half minute."""
    with context.database.read_session() as session:
        administrator = session.scalars(select(Administrator).where(Administrator.login == login)).one()
        return pyotp.TOTP(breakglass.totp_secret(administrator, context.keyring)).now()


def _make_secrets(settings: CoreSettings) -> None:
    site_keys.make_keys(settings)
    lengths = {
        "wecom_secret": 43,
        CONTACTS: 43,
        "wecom_callback_token": 24,
        "wecom_callback_aes_key": 43,
        "sms_token": 32,
        "oa_password": 24,
        "oa_push_secret": 43,
    }
    for name, length in lengths.items():
        path = settings.secrets_folder / name
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(32)[:length])


def _start_simulators(ini: IniFile, settings: CoreSettings) -> subprocess.Popen[str]:
    path = settings.secrets_folder / "simulators.json"
    config = _simulator_config(settings) | _oa_config(ini, settings)
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    path.chmod(0o600)
    process = subprocess.Popen(
        [sys.executable, "-m", "xinglin_simulators", "--config", str(path)], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line.strip().startswith("{"):
        raise click.ClickException("the simulators did not start. Cure: is one of their ports in use?")
    return process


def _simulator_config(settings: CoreSettings) -> dict[str, object]:
    portal = settings.public_url
    callback = {
        "url": f"{portal}/wecom/callback",
        "token": settings.secret("wecom_callback_token"),
        "aes_key": settings.secret("wecom_callback_aes_key"),
    }
    agent = {
        "agent_id": settings.wecom_agent_id,
        "secret": settings.secret("wecom_secret"),
        "name": "杏林",
        "home_url": f"{portal}/",
        "trusted_domains": [portal.partition("://")[2]],
        "callback": callback,
    }
    return {
        "host": "127.0.0.1",
        "wecom_port": _port_of(settings.wecom_api_base),
        "smtp_port": settings.smtp_port,
        "sms_port": _port_of(settings.sms_url),
        "sms_token": settings.secret("sms_token"),
        "corp_id": settings.wecom_corp_id,
        "contacts_secret": settings.secret(CONTACTS),
        "agents": [agent],
        "contacts_callback": callback,
        "people": "hospital",
        "contact_fields": "full",
        "scale_limits": 1,
    }


def _oa_config(ini: IniFile, settings: CoreSettings) -> dict[str, object]:
    """The OA where the ini says that it is; none, where no module asks for one."""
    endpoints = [section[OA_ENDPOINT] for section in ini.sections.values() if OA_ENDPOINT in section]
    if not endpoints:
        return {}
    oa = {
        "port": _port_of(endpoints[0]),
        "push_url": f"{settings.public_url}/documents/oa/todo",
        "push_secret": settings.secret("oa_push_secret"),
        "landray_password": settings.secret("oa_password"),
    }
    return {"oa": oa}


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def _hire_everybody(context: CliContext) -> None:
    with context.database.read_session() as session:
        if session.scalar(select(Person.id).limit(1)) is not None:
            return
    workbook = context.settings.files_folder.parent / "hospital.xlsx"
    click.echo("importing the fictional hospital of 1,632 people (once) …", err=True)
    command = [sys.executable, "-m", "xinglin_simulators.hospital", "--excel", str(workbook)]
    subprocess.run(command, check=True)
    import_workbook(context, Path(workbook))
    sync_from_wecom(context)


def _administrators(context: CliContext) -> str:
    """One of each role, with one password: in a demo one person looks at all three."""
    kept = context.settings.secrets_folder / "demo-administrator"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(12), encoding="ascii")
    password = kept.read_text(encoding="ascii")
    with context.session() as (session, trail):
        known = set(session.scalars(select(Administrator.login)))
        for login, (name, role) in ADMINISTRATORS.items():
            if login not in known:
                breakglass.create_administrator(
                    session, trail, context.keyring, login, name, password, role=role
                )
    return password


def _print_addresses(settings: CoreSettings, password: str) -> None:
    click.echo(
        f"""
  Portal            {settings.public_url}/
  Simulated phones  {settings.wecom_api_base}/phone/

  Desktop admin tool: `make admin` (or xinglin-admin --server {settings.public_url})
    login {LOGIN}   password {password}   code: `make code`
    the same password for guard (security) and auditor (audit), code: `xinglin demo --code --login auditor`

  Stop with Ctrl+C. All data of this demo is fictional and lies in {settings.files_folder.parent}.
"""
    )
