"""What `xinglin doctor` and `xinglin crypto status` say of the keys; a check that is well and has a cure is a warning."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.orm import Session

from xinglin.crypto import inventory, shares
from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.inventory import SealedColumn
from xinglin.crypto.keys import FILE as KEYS
from xinglin.crypto.providers import FILE, KEY_FILE, TOKEN, MasterKey
from xinglin.crypto.service import Keyring
from xinglin.crypto.suites import SUITES, self_test
from xinglin.types import HealthCheck

SPLIT = "xinglin crypto split FOLDER, and give each share to another person"
PROBE = "doctor's probe"


def checks_of(keyring: Keyring) -> list[HealthCheck]:
    """Every line about the keys of a site that is open."""
    return [_library(), _modes(keyring.folder), _provider(keyring), _place(keyring), _custodians(keyring)]


def next_steps(keyring: Keyring) -> list[str]:
    """What is left to do after the master key was moved or the keys were rotated."""
    found = (_place(keyring), _custodians(keyring))
    return [check.cure for check in found if check.cure]


def _library() -> HealthCheck:
    try:
        self_test()
    except KeyMissing as error:
        return _bad("keys: self-test", error)
    return HealthCheck("keys: self-test", True, f"{', '.join(sorted(SUITES))} compute what the standards say")


def _modes(folder: Path) -> HealthCheck:
    open_to_others = [
        path for path in (folder, *sorted(folder.iterdir())) if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    name = "keys: file modes"
    if not open_to_others:
        return HealthCheck(name, True, f"{folder} is for its owner alone")
    shown = ", ".join(str(path) for path in open_to_others)
    return HealthCheck(
        name, False, f"others may read {shown}", f"chmod go= {' '.join(map(str, open_to_others))}"
    )


def _provider(keyring: Keyring) -> HealthCheck:
    name, secret = f"keys: provider {keyring.provider_name}", os.urandom(32)
    try:
        wrapped = keyring.provider.wrap(secret, suite=keyring.suite, context=PROBE)
        is_same = keyring.provider.unwrap(wrapped, context=PROBE) == secret
    except (KeyMissing, SealBroken) as error:
        return _bad(name, error)
    if not is_same:
        return HealthCheck(name, False, "it gave back another key", "stop the portal and look at the device")
    return HealthCheck(name, True, "wraps and unwraps")


def _place(keyring: Keyring) -> HealthCheck:
    name, actual, said = "keys: place", keyring.provider_name, keyring.configured
    leftover = keyring.folder / KEY_FILE
    if actual != said:
        cure = f"crypto_key_provider = {actual} in the ini, or: xinglin crypto move-master --to {said}"
        return HealthCheck(name, False, f"the master key is at {actual}, the ini says {said}", cure)
    if actual == TOKEN and leftover.exists():
        cure = f"split the keys among custodians, then destroy it: shred -u {leftover}"
        return HealthCheck(name, True, f"{leftover} of the time before the token is still there", cure)
    where = leftover if actual == FILE else f"the provider {actual}"
    return HealthCheck(name, True, f"master key in {where}, data keys in {keyring.folder / KEYS}")


def _custodians(keyring: Keyring) -> HealthCheck:
    name, done = "keys: custodians", shares.last(keyring.folder)
    if done is None:
        return HealthCheck(name, True, "no shares were made: a lost master key is lost for good", SPLIT)
    if not done.covers(keyring):
        what = (
            "another master key" if isinstance(keyring.provider, MasterKey) else "the keys of an earlier day"
        )
        return HealthCheck(name, True, f"the shares of {done.at:%Y-%m-%d} give {what}", SPLIT)
    if done.shares == shares.NOT_KNOWN:
        what = f"any {done.threshold} of the shares that gave the keys back on {done.at:%Y-%m-%d}"
        return HealthCheck(name, True, what)
    return HealthCheck(name, True, f"{done.threshold} of {done.shares}, since {done.at:%Y-%m-%d}")


def data(session: Session, columns: Iterable[SealedColumn], keyring: Keyring) -> HealthCheck:
    """Whether `keys.json` is as new as what lies in these columns."""
    name, missing = "keys: data", inventory.lost(session, columns, keyring.keys)
    if missing.rows:
        return HealthCheck(name, False, missing.sentence, inventory.NEWEST_KEYS)
    return HealthCheck(name, True, f"nothing is newer than {KEYS}")


def _bad(name: str, error: Exception) -> HealthCheck:
    what, _, cure = str(error).partition(". Cure: ")
    return HealthCheck(name, False, what, cure or "restore the secrets folder from its backup")
