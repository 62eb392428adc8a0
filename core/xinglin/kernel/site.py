"""One configured site: the ini read, checked, and what it names opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xinglin.crypto.service import Keyring
from xinglin.kernel import plugins as plugin_kernel
from xinglin.kernel import site_keys
from xinglin.kernel.clock import SystemClock
from xinglin.kernel.db import Database
from xinglin.kernel.ini import IniFile, SettingsError, parse_section, read_ini
from xinglin.kernel.settings import CoreSettings, check_core_settings
from xinglin.types import Clock


@dataclass(frozen=True)
class Site:
    """What every process (portal, worker, command) begins with."""

    ini: IniFile
    settings: CoreSettings
    database: Database
    keyring: Keyring
    clock: Clock


def open_site(path: Path, overrides: Mapping[str, str] | None = None, *, clock: Clock | None = None) -> Site:
    """Read and check the ini at `path` and open what it names. Raises `SettingsError`, `KeyMissing`.

    The database is not connected yet; its first connection raises `KeyMissing` for keys of another site.
    """
    ini, settings = read_settings(path, overrides)
    database = Database(settings.database, pool_size=settings.threads + 1)
    database.use_keys(keyring := open_keyring(settings))
    site_keys.guard(database, keyring)
    return Site(ini, settings, database, keyring, clock or SystemClock())


def open_keyring(settings: CoreSettings) -> Keyring:
    """The keys of the site by its settings. Raises `KeyMissing`."""
    return Keyring(
        settings.secrets_folder,
        suite=settings.crypto_suite,
        provider=settings.crypto_key_provider,
        token=settings.token,
    )


def read_settings(path: Path, overrides: Mapping[str, str] | None = None) -> tuple[IniFile, CoreSettings]:
    """The checked settings alone, nothing opened."""
    ini = read_ini(path)
    settings = parse_section(ini, "xinglin", CoreSettings, overrides)
    for key, problem, cure in check_core_settings(settings):
        raise SettingsError(ini.path, "xinglin", key, problem, cure)
    known = plugin_kernel.discover()
    for section in ini.sections:
        name = section.partition(":")[2]
        if name and name not in known:
            cure = f"remove the section or install the module; installed: {', '.join(sorted(known))}"
            raise SettingsError(ini.path, section, "*", f"no module is called {name}", cure)
    return ini, settings
