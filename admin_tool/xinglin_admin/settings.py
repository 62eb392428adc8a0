"""What the tool remembers on this computer: looks and the last server. Never a password, code, token or name."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from xinglin_admin.locale import Language
from xinglin_admin.theme import Scheme


class Settings:
    """Typed access to the store; a value that is missing or no longer understood gives the default."""

    def __init__(self, store: QSettings) -> None:
        self._store = store

    @property
    def server(self) -> str:
        return str(self._store.value("server", ""))

    @server.setter
    def server(self, address: str) -> None:
        self._store.setValue("server", address)

    @property
    def language(self) -> Language:
        stored = str(self._store.value("language", ""))
        return Language(stored) if stored in set(Language) else Language.CHINESE

    @language.setter
    def language(self, language: Language) -> None:
        self._store.setValue("language", language.value)

    @property
    def scheme(self) -> Scheme:
        stored = str(self._store.value("scheme", ""))
        return Scheme(stored) if stored in set(Scheme) else Scheme.SYSTEM

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._store.setValue("scheme", scheme.value)

    def layout(self, name: str) -> QByteArray:
        """Stored geometry or columns of the widget called ``name``; empty if there is none."""
        stored = self._store.value(f"layout/{name}")
        return stored if isinstance(stored, QByteArray) else QByteArray()

    def keep_layout(self, name: str, state: QByteArray) -> None:
        self._store.setValue(f"layout/{name}", state)
