"""Columns that are encrypted in the database and plain in the code: `mobile = EncryptedText()` in a model.

What is stored is bound to table, column and row: the row's `public_id`, which never changes. Values are opened when they
are first read, sealed when the session is flushed. Statements below the ORM see the ciphertext only.
See docs/adr/0008-keys-and-suites.md.
"""

from __future__ import annotations

import json
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from sqlalchemy import ColumnElement, Connection, LargeBinary, String, event
from sqlalchemy.orm import InstanceState, Session, mapped_column
from sqlalchemy.orm.attributes import instance_state

from xinglin.crypto.errors import KeyMissing
from xinglin.crypto.service import Keyring
from xinglin.kernel.db import KEYRING_OPTION
from xinglin.kernel.orm import new_public_id

SEALED = "xinglin sealed"
"""The key in `Column.info` under which the context's template stands, such as `core_person.mobile:{public_id}`."""
INDEX_DIGITS = 16
"""64 bits: enough to find, few enough that a digest alone proves nothing."""
ROW = "public_id"
FIELDS = "__xinglin_encrypted__"
Value = TypeVar("Value")


def sealed_by_hand(template: str) -> dict[str, Any]:
    """The `info` of a `LargeBinary` column whose code calls `Keyring.seal` itself.

    `template` is the context, with the row's columns in braces. An empty one says that the rows may never be changed:
    such a column is counted by `crypto status` and keeps its key from being retired, and is not re-keyed.
    """
    return {SEALED: template}


class _Pending(Generic[Value]):
    """A new value between its assignment and the flush, in the place of the ciphertext."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "<not sealed yet>"


class Encrypted(ABC, Generic[Value]):
    """An attribute whose column holds ciphertext. None is stored as NULL: that a value is missing is no secret."""

    name: str
    attribute: str
    template: str

    @abstractmethod
    def _encode(self, value: Value) -> bytes: ...

    @abstractmethod
    def _decode(self, plain: bytes) -> Value: ...

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name, self.attribute = name, f"{name}_sealed"
        self.template = f"{owner.__tablename__}.{name}:{{{ROW}}}"
        column: Any = mapped_column(name, LargeBinary, nullable=True, info={SEALED: self.template})
        setattr(owner, self.attribute, column)
        _fields(owner).append(self)

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...

    @overload
    def __get__(self, row: object, owner: type) -> Value | None: ...

    def __get__(self, row: object | None, owner: type) -> Self | Value | None:
        if row is None:
            return self
        stored = getattr(row, self.attribute)
        if stored is None:
            return None
        if isinstance(stored, _Pending):
            value: Value = stored.value
            return value
        return self._opened(instance_state(row), row, stored)

    def __set__(self, row: object, value: Value | None) -> None:
        setattr(row, self.attribute, None if value is None else _Pending(value))

    def seal(self, row: Any, keyring: Keyring | None) -> None:
        """Put the ciphertext into the place of a value that is still plain."""
        pending = instance_state(row).dict.get(self.attribute)
        if isinstance(pending, _Pending):
            context = self.template.format(public_id=getattr(row, ROW))
            held = _required(keyring, f"{type(row).__name__}.{self.name}")
            setattr(row, self.attribute, held.seal(self._encode(pending.value), context=context))

    def _opened(self, state: InstanceState[Any], row: object, stored: bytes) -> Value:
        known = state.info.get(self.name)
        if known is not None and known[0] is stored:
            opened: Value = known[1]
            return opened
        keyring = _required(state.info.get(KEYRING_OPTION), f"{type(row).__name__}.{self.name}")
        context = self.template.format(public_id=getattr(row, ROW))
        value = self._decode(keyring.open(stored, context=context))
        state.info[self.name] = (stored, value)
        return value


class EncryptedText(Encrypted[str]):
    """Text, as UTF-8."""

    def _encode(self, value: str) -> bytes:
        return value.encode()

    def _decode(self, plain: bytes) -> str:
        return plain.decode()


class EncryptedBytes(Encrypted[bytes]):
    """Bytes."""

    def _encode(self, value: bytes) -> bytes:
        return value

    def _decode(self, plain: bytes) -> bytes:
        return plain


class EncryptedJson(Encrypted[Any]):
    """What JSON can say. A change inside the value is not noticed: assign the whole anew."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, row: None, owner: type) -> Self: ...

        @overload
        def __get__(self, row: object, owner: type) -> Any: ...

        def __get__(self, row: object | None, owner: type) -> Any: ...

    def _encode(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def _decode(self, plain: bytes) -> Any:
        return json.loads(plain)


def tidy(value: str) -> str:
    """NFKC, small letters, without white space: how `BlindIndex` compares unless told otherwise."""
    return "".join(unicodedata.normalize("NFKC", value).casefold().split())


class BlindIndex:
    """A keyed digest beside an `EncryptedText` column, for exact search; equal values have equal digests.

    Write `mobile_index = BlindIndex("mobile")` below `mobile`. `Person.mobile_index.matches(session, "138…")` is the
    condition. 64 bits are kept: compare what was found once more where a wrong hit would matter.
    """

    name: str
    purpose: str
    column: Any

    def __init__(self, source: str, *, normalise: Callable[[str], str] = tidy) -> None:
        self.source = source
        self._normalise = normalise

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = name
        self.purpose = f"blind index {owner.__tablename__}.{self.source}"
        setattr(owner, f"{name}_digest", mapped_column(name, String(INDEX_DIGITS), index=True, nullable=True))
        _fields(owner).append(self)

    def __get__(self, row: object | None, owner: type) -> _Search:
        return _Search(self, getattr(owner, f"{self.name}_digest"))

    def seal(self, row: Any, keyring: Keyring | None) -> None:
        """Compute the digest of a value that is about to be sealed."""
        loaded = instance_state(row).dict
        source = f"{self.source}_sealed"
        if isinstance(loaded.get(source), _Pending):
            digest = self.digest(loaded[source].value, _required(keyring, self.purpose))
            setattr(row, f"{self.name}_digest", digest)
        elif source in loaded and loaded[source] is None:
            setattr(row, f"{self.name}_digest", None)

    def digest(self, value: str, keyring: Keyring) -> str:
        """16 hex digits under a key of this table and column."""
        return keyring.mac(self._normalise(value).encode(), purpose=self.purpose)[:INDEX_DIGITS]


class _Search:
    """The index at work on one model."""

    def __init__(self, index: BlindIndex, column: Any) -> None:
        self._index = index
        self._column = column

    def matches(self, session: Session, value: str) -> ColumnElement[bool]:
        """The condition that the source is `value`, after normalisation."""
        keyring = _required(_keyring_of(session), self._index.purpose)
        condition: ColumnElement[bool] = self._column == self._index.digest(value, keyring)
        return condition


def _fields(owner: Any) -> list[Any]:
    """The encrypted attributes of a model that is being written down; the first of them makes it listen."""
    if FIELDS not in vars(owner):
        setattr(owner, FIELDS, [])
        event.listen(owner, "before_insert", _seal)
        event.listen(owner, "before_update", _seal)
        event.listen(owner, "load", _remember)
    found: list[Any] = getattr(owner, FIELDS)
    return found


def _seal(mapper: Any, connection: Connection, row: Any) -> None:
    fields = getattr(row, FIELDS)
    state = instance_state(row)
    _keep_identity(state, row)
    keyring = connection.get_execution_options().get(KEYRING_OPTION)
    for field in sorted(fields, key=lambda field: isinstance(field, Encrypted)):  # digests while it is plain
        field.seal(row, keyring)
    state.info[KEYRING_OPTION] = keyring


def _keep_identity(state: InstanceState[Any], row: Any) -> None:
    if getattr(row, ROW) is None:
        setattr(row, ROW, new_public_id())
    if state.has_identity and state.attrs[ROW].history.has_changes():
        raise ValueError(
            f"the {ROW} of a {type(row).__name__} was changed: its encrypted columns are bound to it. "
            "Cure: leave it, or make a new row"
        )


def _remember(row: Any, context: Any) -> None:
    instance_state(row).info[KEYRING_OPTION] = _keyring_of(context.session)


def _keyring_of(session: Session) -> Keyring | None:
    keyring: Keyring | None = session.get_bind().get_execution_options().get(KEYRING_OPTION)
    return keyring


def _required(keyring: Keyring | None, what: str) -> Keyring:
    if keyring is None:
        raise KeyMissing(f"{what}: this database was opened without keys. Cure: Database.use_keys(keyring)")
    return keyring
