"""Words in the reader's language: the .po catalogues of core and plugins, read once at boot into one table a locale."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from pyramid.i18n import TranslationString

LOCALES = ("zh_CN", "en")
PLACE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_-]*)\}")
NOTHING: Mapping[str, str] = {}
logger = logging.getLogger(__name__)


class Words:
    """`translate` gives the sentence in a locale; an unknown one comes back as it is (English)."""

    def __init__(self, folders: list[Path]) -> None:
        self._tables = {locale: _read(folders, locale) for locale in LOCALES}

    def translate(self, text: str, locale: str, mapping: Mapping[str, Any] | None = None) -> str:
        """`text` may be a `TranslationString`; `${name}` is filled from its mapping or from `mapping`."""
        own = text.mapping if isinstance(text, TranslationString) else None
        found = self._tables.get(locale, NOTHING).get(text) or _default_of(text)
        if not own and not mapping:
            return found
        filled = {**(own or {}), **(mapping or {})}
        return PLACE.sub(lambda place: str(filled.get(place[1], place[0])), found)


def _default_of(text: str) -> str:
    default = text.default if isinstance(text, TranslationString) else None
    return str(default or text)


def _read(folders: list[Path], locale: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for folder in folders:
        for path in sorted((folder / locale / "LC_MESSAGES").glob("*.po")):
            with path.open("rb") as stream:
                catalog = read_po(stream, locale=locale)
            table.update({str(entry.id): str(entry.string) for entry in catalog if entry.id and entry.string})
    return table
