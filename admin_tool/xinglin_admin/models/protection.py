"""How networks and accounts look in their tables."""

from __future__ import annotations

from xinglin_admin.api.protection import Account, ZoneRule
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.grants import moment_text
from xinglin_admin.models.rows import Column
from xinglin_admin.theme import Tone


def rule_columns(texts: Texts) -> tuple[Column[ZoneRule], ...]:
    words = texts.access
    return (
        Column(words.network, lambda rule: rule.cidr),
        Column(words.note, lambda rule: rule.note),
        Column(words.created_by, lambda rule: f"{rule.created_by} · {moment_text(rule.created_at, texts)}"),
        Column(words.zone, lambda rule: texts.access.name_of(rule.zone), lambda _rule: Tone.QUIET),
    )


def account_columns(texts: Texts) -> tuple[Column[Account], ...]:
    words = texts.accounts
    return (
        Column(words.login, lambda account: account.login),
        Column(words.name, lambda account: account.name),
        Column(words.staff_no, lambda account: account.staff_no or texts.common.none),
        Column(words.role, lambda account: texts.roles.name_of(account.role)),
        Column(words.last_used, lambda account: moment_text(account.last_used_at, texts)),
        Column(words.state, lambda account: _state_text(account, texts), _state_tone),
    )


def _state_text(account: Account, texts: Texts) -> str:
    words = texts.accounts
    if not account.is_intact:
        return words.changed
    return words.active if account.is_active else words.disabled


def _state_tone(account: Account) -> Tone:
    if not account.is_intact:
        return Tone.BAD
    return Tone.GOOD if account.is_active else Tone.QUIET
