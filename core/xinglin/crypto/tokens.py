"""A master key that lives in a PKCS#11 token: it wraps and unwraps the data keys in there and never leaves it.

What it wraps: 1 byte `MARK`, 12 bytes nonce, AES-256-GCM ciphertext with its tag of 16 bytes (PKCS #11 v2.40, CKM_AES_GCM).
The standard knows no SM4 mechanism, so the suite `sm` has its data keys wrapped by AES as well.
A session is opened for each act and closed: nothing of it is shared by threads, inherited by a fork, or lost with a token
that was unplugged for a while.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass, exceptions

from xinglin.crypto.errors import KeyMissing, SealBroken
from xinglin.crypto.providers import TOKEN_MARK, TokenAccess
from xinglin.crypto.suites import NONCE_BYTES, TAG_BYTES

KEY_BITS = 256
USE = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
LOCKED_IN = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
CONTENT_FAULTS = (
    exceptions.GeneralError,  # SoftHSM's answer to a wrong tag
    exceptions.EncryptedDataInvalid,
    exceptions.EncryptedDataLenRange,
    exceptions.DataInvalid,
    exceptions.FunctionFailed,
)
_one_login = threading.Lock()
"""A login counts for the whole process: two sessions at once would log each other in and out."""
_process = os.getpid()


@dataclass(frozen=True)
class TokenKey:
    """The key of that name in that token."""

    access: TokenAccess

    def wrap(self, key: bytes, *, suite: str, context: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        with _session(self.access) as session:
            sealed = _key(session, self.access).encrypt(
                key, mechanism=Mechanism.AES_GCM, mechanism_param=_bound(nonce, context)
            )
        return TOKEN_MARK + nonce + bytes(sealed)

    def unwrap(self, wrapped: bytes, *, context: str) -> bytes:
        if wrapped[:1] != TOKEN_MARK:
            raise SealBroken(f"{context} was not wrapped by a token")
        nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        with _session(self.access) as session:
            key = _key(session, self.access)
            try:
                return bytes(
                    key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=_bound(nonce, context))
                )
            except CONTENT_FAULTS as error:
                raise SealBroken(
                    f"{context}: changed, or wrapped by another key than {self.access.name}"
                ) from error


def make_key(access: TokenAccess) -> bool:
    """Make the key in the token unless it is there; true when it was made. Raises `KeyMissing`."""
    with _session(access, writes=True) as session:
        found = list(session.get_objects(_wanted(access)))
        if not found:
            session.generate_key(
                KeyType.AES, KEY_BITS, label=access.key, store=True, capabilities=USE, template=LOCKED_IN
            )
    return not found


@contextmanager
def _session(access: TokenAccess, *, writes: bool = False) -> Iterator[pkcs11.Session]:
    module, pin = access.required(), access.pin()
    with _one_login:
        try:
            token = _library(module).get_token(token_label=access.token)
            with token.open(rw=writes, user_pin=pin) as session:
                yield session
        except exceptions.PKCS11Error as error:
            raise KeyMissing(_complaint(access, error)) from error


def _library(module: str) -> Any:
    global _process  # noqa: PLW0603 - a forked child must initialise the module anew (PKCS #11 v2.40, 5.4)
    library = pkcs11.lib(module)
    if os.getpid() != _process:
        library.reinitialize()
        _process = os.getpid()
    return library


def _wanted(access: TokenAccess) -> dict[Attribute, object]:
    return {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: access.key}


def _key(session: pkcs11.Session, access: TokenAccess) -> Any:
    found = list(session.get_objects(_wanted(access)))
    if len(found) != 1:
        raise exceptions.MultipleObjectsReturned if found else exceptions.NoSuchKey
    key: Any = found[0]
    if any(key[attribute] != value for attribute, value in LOCKED_IN.items()):
        raise KeyMissing(
            f"{access.name} may be read out of its token. Cure: make one that is sensitive and not extractable, "
            "under another name, and `xinglin crypto move-master`"
        )
    return key


def _bound(nonce: bytes, context: str) -> GCMParams:
    return GCMParams(nonce, context.encode(), TAG_BYTES * 8)


def _complaint(access: TokenAccess, error: exceptions.PKCS11Error) -> str:
    """One sentence with a cure; the library's own messages are often empty."""
    for kinds, problem, cure in (
        (
            (exceptions.NoSuchToken, exceptions.TokenNotPresent, exceptions.DeviceRemoved),
            f"no token is called {access.token!r}",
            "connect it and start its service, or name it in pkcs11_token",
        ),
        (
            (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange),
            f"the token {access.token!r} refused the PIN",
            "put the right one into the secret pkcs11_pin BEFORE the next start: a few wrong ones lock the token",
        ),
        (
            (exceptions.PinLocked, exceptions.PinExpired, exceptions.UserPinNotInitialized),
            f"the PIN of the token {access.token!r} is locked, expired or not set",
            "let its security officer set a new one",
        ),
        (
            (exceptions.NoSuchKey,),
            f"the token {access.token!r} has no key called {access.key!r}",
            "name it in pkcs11_key, restore it from the backup of the token, or `xinglin init` on a new site",
        ),
        (
            (exceptions.MultipleTokensReturned, exceptions.MultipleObjectsReturned),
            f"{access.name} is there more than once",
            "give each a label of its own",
        ),
        (
            (exceptions.MechanismInvalid, exceptions.MechanismParamInvalid),
            f"the token {access.token!r} knows no AES-GCM",
            "use one that does",
        ),
    ):
        if isinstance(error, kinds):
            return f"{problem}. Cure: {cure}"
    reason = str(error) or type(error).__name__
    return (
        f"{access.name} cannot be used ({reason}). Cure: see that pkcs11_module is the vendor's library and that "
        "the vendor's own tool reaches the token"
    )
