"""`xinglin administrators`: local accounts for emergencies and for the desktop tool."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from xinglin.api.services import DomainError
from xinglin.auth import role_seal
from xinglin.auth.administrators import AdministratorService, Provisioning
from xinglin.auth.models import Administrator, AdministratorRole
from xinglin.auth.sessions import Lifetimes
from xinglin.crypto.service import Keyring

PASSWORD_BYTES = 15
ROLES = {
    AdministratorRole.SYSTEM: "系统 system",
    AdministratorRole.SECURITY: "安全 security",
    AdministratorRole.AUDIT: "审计 audit",
}


@click.group()
def administrators() -> None:
    """本地管理员账号 Local accounts for emergencies and for the desktop tool."""


@administrators.command()
@click.argument("login")
@click.option("--name", required=True, help="姓名 The person's name: one account, one person.")
@click.option(
    "--generate", is_flag=True, help="生成密码 Make a password and print it once instead of asking."
)
@click.option(
    "--role",
    type=click.Choice([role.value for role in AdministratorRole]),
    default=AdministratorRole.SYSTEM.value,
    show_default=True,
    help="角色 What the account may do; one person holds one of the three.",
)
@click.option(
    "--staff-number",
    default="",
    help="工号 The member of staff behind the account; needed once staff are imported.",
)
@click.option(
    "--outsider", is_flag=True, help="外部人员 Somebody who is not on the list of staff, such as a vendor's."
)
@click.pass_obj
def create(
    context: Any, login: str, name: str, generate: bool, role: str, staff_number: str, outsider: bool
) -> None:
    """新建账号 Make an account; the secret of the second factor is shown once."""
    password = (
        secrets.token_urlsafe(PASSWORD_BYTES)
        if generate
        else click.prompt("密码 Password (≥ 10)", hide_input=True, confirmation_prompt=True)
    )
    with _service(context) as service:
        provisioning = service.create(
            login, name, password, AdministratorRole(role), staff_no=staff_number, is_outsider=outsider
        )
    if generate:
        click.echo(f"密码 password: {password}")
    _show(provisioning)


@administrators.command("list")
@click.pass_obj
def list_all(context: Any) -> None:
    """列出账号 Show the accounts: login, name, state, role, staff number, last login."""
    with context.session() as (_session, trail):
        trail.record("administrator.list", "administrator")
    with _service(context) as service:
        for account, staff_no in service.with_staff_numbers():
            last = account.last_used_at or account.created_at
            fields = (account.login, account.name, _state(account, context.keyring), ROLES[account.role])
            day = last.astimezone(context.settings.zone).date()
            click.echo("\t".join((*fields, staff_no or "-", str(day))))


@administrators.command()
@click.argument("login")
@click.pass_obj
def disable(context: Any, login: str) -> None:
    """停用账号 Switch an account off and end its sessions."""
    with _service(context) as service:
        service.disable(_known(service, login))
    click.echo(f"已停用 disabled: {login}")


@administrators.command()
@click.argument("login")
@click.pass_obj
def enable(context: Any, login: str) -> None:
    """启用账号 Switch an account on again, such as one that nobody used for 90 days."""
    with _service(context) as service:
        service.enable(_known(service, login))
    click.echo(f"已启用 enabled: {login}")


@administrators.command("reset-code")
@click.argument("login")
@click.pass_obj
def reset_code(context: Any, login: str) -> None:
    """重置动态码 Give an account a new second factor; its sessions end."""
    with _service(context) as service:
        provisioning = service.reset_code(_known(service, login))
    _show(provisioning)


@contextmanager
def _service(context: Any) -> Iterator[AdministratorService]:
    settings = context.settings
    try:
        with context.session() as (session, audit):
            yield AdministratorService(
                session,
                context.clock,
                audit,
                context.keyring,
                site_name=settings.site_name,
                lifetimes=Lifetimes.of(settings),
            )
    except DomainError as error:
        raise click.ClickException(f"{error.message} {error.cure}".strip()) from error


def _state(account: Administrator, keyring: Keyring) -> str:
    if not role_seal.is_genuine(account, keyring):
        return "被改动 changed in the database"
    return "启用 active" if account.is_active else "停用 disabled"


def _known(service: AdministratorService, login: str) -> Administrator:
    found = service.find(login)
    if found is None:
        raise click.ClickException(f"没有账号 no account {login!r}. 处理 Cure: xinglin administrators list")
    return found


def _show(provisioning: Provisioning) -> None:
    click.echo(f"账号 account: {provisioning.administrator.login}")
    click.echo(f"动态码密钥 TOTP secret: {provisioning.secret}")
    click.echo(provisioning.uri)
    click.echo("以上内容只显示一次 Shown once: put it into the authenticator app now.")
