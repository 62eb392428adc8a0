"""How modules look in the table."""

from __future__ import annotations

from xinglin_admin.api.models import Module, ModuleState
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.rows import Column
from xinglin_admin.theme import Tone

_TONES = {ModuleState.ENABLED: Tone.GOOD, ModuleState.DISABLED: Tone.QUIET, ModuleState.QUARANTINED: Tone.BAD}


def module_columns(texts: Texts) -> tuple[Column[Module], ...]:
    words = texts.modules
    return (
        Column(words.module, lambda module: module.title),
        Column(words.name, lambda module: module.name, lambda _module: Tone.QUIET),
        Column(words.version, lambda module: module.version),
        Column(words.required, lambda module: words.is_required if module.is_required else words.is_optional),
        Column(
            words.state, lambda module: module_state_text(module, texts), lambda module: _TONES[module.state]
        ),
    )


def module_state_text(module: Module, texts: Texts) -> str:
    words = texts.modules
    return {
        ModuleState.ENABLED: words.enabled,
        ModuleState.DISABLED: words.disabled,
        ModuleState.QUARANTINED: words.quarantined,
    }[module.state]
