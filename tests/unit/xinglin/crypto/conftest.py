"""A real PKCS#11 token: SoftHSM, with a folder of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest

from xinglin.crypto.providers import TokenAccess

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so").resolve()
PIN = "2468-1357"


@dataclass(frozen=True)
class SoftToken:
    """A token with its officer's means: to break it, and to look into it."""

    label: str
    folder: Path

    def access(self, *, token: str = "", key: str = "xinglin-master", pin: str = PIN) -> TokenAccess:
        return TokenAccess(MODULE, token or self.label, key, lambda: pin)

    def keys(self) -> list[str]:
        with pkcs11.lib(str(MODULE)).get_token(token_label=self.label).open(user_pin=PIN) as session:
            return [found.label for found in session.get_objects()]

    def remove(self) -> None:
        """Unplugged for good: the token's folder is gone."""
        self.folder.rename(self.folder.with_name(f"gone-{secrets.token_hex(4)}"))
        self.folder.mkdir()
        pkcs11.lib(str(MODULE)).reinitialize()


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM reads its settings once for a process: one folder for all tests, in it one token for each."""
    assert MODULE.exists(), "apt-get install softhsm2 (tests/system-packages.txt)"
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n", encoding="utf-8")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    yield folder / "tokens"
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture
def soft_token(softhsm: Path) -> SoftToken:
    """A fresh token without a key."""
    label = f"hospital-{secrets.token_hex(4)}"
    words = ("--init-token", "--free", "--label", label, "--so-pin", "1234567890", "--pin", PIN)
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
    pkcs11.lib(str(MODULE)).reinitialize()
    return SoftToken(label, softhsm)
