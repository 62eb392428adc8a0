"""Passwords of local accounts: argon2id (RFC 9106), never shorter than ten characters, never a common one."""

from __future__ import annotations

import functools
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from xinglin.api.i18n import translator
from xinglin.auth.errors import AdministratorRefused

_ = translator("core")
SHORTEST = 10
LONGEST = 256
COMMON = frozenset(
    {
        *(
            "0123456789",
            "1234567890",
            "12345678910",
            "123456789a",
            "a123456789",
            "1q2w3e4r5t",
            "1qaz2wsx3edc",
        ),
        *(
            "qwertyuiop",
            "qwerty12345",
            "qwerty123456",
            "asdfghjkl;",
            "zxcvbnm123",
            "abcdefghij",
            "abcd123456",
        ),
        *(
            "password12",
            "password123",
            "password1234",
            "passw0rd123",
            "p@ssw0rd123",
            "administrator",
            "admin12345",
        ),
        *(
            "admin123456",
            "admin@12345",
            "root123456",
            "welcome123",
            "welcome1234",
            "letmein1234",
            "changeme123",
        ),
        *(
            "iloveyou123",
            "woaini1314",
            "woaini520520",
            "5201314520",
            "yiyuan123456",
            "hospital123",
            "xinglin123",
        ),
        *(
            "xinglin1234",
            "xinglin12345",
            "wechat123456",
            "wecom123456",
            "test123456",
            "1234567890a",
            "a1234567890",
        ),
    }
)
_hasher = PasswordHasher()


def normalised(password: str) -> str:
    """NFKC, so that a full-width letter typed on another keyboard is the same password."""
    return unicodedata.normalize("NFKC", password)


def check(login: str, password: str) -> None:
    """Raises `AdministratorRefused` for a password that is short, common, of one character, or holds the login."""
    plain = normalised(password)
    folded = plain.casefold()
    if not SHORTEST <= len(plain) <= LONGEST:
        raise AdministratorRefused(
            _("The password must have at least ten characters."),
            _("A sentence of a few words is easy to remember."),
        )
    if folded in COMMON or len(set(folded)) < 4:
        raise AdministratorRefused(
            _("This password is among the first that anyone tries."), _("Choose another.")
        )
    if login.casefold() in folded:
        raise AdministratorRefused(
            _("The password must not contain the account's name."), _("Choose another.")
        )


def hash_password(password: str) -> str:
    """The argon2id hash with its parameters and salt."""
    return _hasher.hash(normalised(password))


def is_right(stored_hash: str | None, password: str) -> bool:
    """Compare; without a stored hash the same work is done for nothing, so that time does not tell who exists."""
    try:
        _hasher.verify(stored_hash or _dummy_hash(), normalised(password)[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


@functools.cache
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")
