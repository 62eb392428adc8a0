"""The shapes of the mappings in the text of a process: which keys there are, and what their texts may be."""

from __future__ import annotations

import enum
import re
from typing import Any

import colander

from xinglin.api.i18n import translator
from xinglin_documents.models import TITLE_LENGTH
from xinglin_documents.service.engine.definition import (
    BranchMode,
    FieldKind,
    SignMode,
    WhenEmpty,
    WhenLate,
    WhenRejected,
    WhenRepeated,
    WhenStarter,
    Withdrawal,
)

_ = translator("documents")

KEY = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
SPAN = re.compile(r"(\d{1,5}) ?(h|min)?\Z")
MOST_MINUTES = 100_000
TITLE, TITLE_EN, HINT = 64, 128, 200


class NodeKind(enum.StrEnum):
    """What a step is; `sign` unless it is said."""

    SIGN = "sign"
    CIRCULATE = "circulate"
    BRANCH = "branch"
    CHILD = "child"


class Plain(colander.SchemaType):
    """A text; subclasses say what it must be. A list or mapping in its place is refused."""

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null or cstruct == "":
            return colander.null
        if not isinstance(cstruct, str):
            raise colander.Invalid(node, _("One text belongs here, no list and no mapping."))
        return self.convert(node, cstruct.strip())

    def convert(self, node: colander.SchemaNode, text: str) -> Any:
        raise NotImplementedError


class Key(Plain):
    def convert(self, node: colander.SchemaNode, text: str) -> str:
        if not KEY.match(text):
            raise colander.Invalid(
                node,
                _(
                    "A key is made of small letters, digits and “_”, begins with a letter, and has at most 32."
                ),
            )
        return text


class Label(Plain):
    """Words for people, at most so many letters."""

    def __init__(self, most: int) -> None:
        self._most = most

    def convert(self, node: colander.SchemaNode, text: str) -> str:
        if len(text) > self._most:
            raise colander.Invalid(node, _("At most ${most} letters.", mapping={"most": self._most}))
        return text


class Word(Plain):
    """One of a fixed list."""

    def __init__(self, words: type[enum.StrEnum]) -> None:
        self._words = words

    def convert(self, node: colander.SchemaNode, text: str) -> enum.StrEnum:
        try:
            return self._words(text)
        except ValueError as error:
            offered = ", ".join(one.value for one in self._words)
            raise colander.Invalid(node, _("Write one of: ${words}.", mapping={"words": offered})) from error


class Whole(Plain):
    """A whole number between two."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def convert(self, node: colander.SchemaNode, text: str) -> int:
        is_whole = text.isascii() and text.isdigit() and len(text) < 10
        if not is_whole or not self._least <= int(text) <= self._most:
            limits = {"least": self._least, "most": self._most}
            raise colander.Invalid(node, _("A whole number from ${least} to ${most}.", mapping=limits))
        return int(text)


class Figure(Plain):
    """A number, also with decimals or below zero."""

    def convert(self, node: colander.SchemaNode, text: str) -> float:
        if not re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text, re.ASCII):
            raise colander.Invalid(node, _("A number such as 10 or 0.5."))
        return float(text)


class YesNo(Plain):
    def convert(self, node: colander.SchemaNode, text: str) -> bool:
        if text.lower() not in ("yes", "no", "true", "false"):
            raise colander.Invalid(node, _("Write yes or no."))
        return text.lower() in ("yes", "true")


class Span(Plain):
    """Working time in minutes: `90 min`, `4 h`. Days are not offered: a working day is not 24 hours."""

    def convert(self, node: colander.SchemaNode, text: str) -> int:
        found = SPAN.match(text) if text.isascii() else None
        minutes = int(found[1]) * (60 if found[2] == "h" else 1) if found else 0
        if not 0 < minutes <= MOST_MINUTES:
            raise colander.Invalid(node, _("Working time such as 30 min or 4 h."))
        return minutes


class Inner(colander.SchemaType):
    """Whatever is read by a shape of its own."""

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        return cstruct


def needed(kind: colander.SchemaType) -> colander.SchemaNode:
    return colander.SchemaNode(kind)


def optional(kind: colander.SchemaType, default: Any = "") -> colander.SchemaNode:
    return colander.SchemaNode(kind, missing=default)


def shape(**keys: colander.SchemaNode) -> colander.SchemaNode:
    """The schema of a mapping with these keys and no others."""
    made = colander.SchemaNode(colander.Mapping(unknown="raise"))
    for name, node in keys.items():
        node.name = name
        made.add(node)
    return made


def _inner() -> colander.SchemaNode:
    return optional(Inner(), None)


PROCESS = shape(
    process=needed(Key()),
    title=needed(Label(TITLE)),
    title_en=optional(Label(TITLE_EN)),
    category=optional(Label(32)),
    icon=optional(Label(32), "document"),
    order=optional(Whole(0, 10_000), 100),
    subject=optional(Label(TITLE_LENGTH)),
    starters=_inner(),
    withdrawal=optional(Word(Withdrawal), Withdrawal.UNHANDLED),
    urge_after=optional(Span(), 60),
    official=_inner(),
    form=_inner(),
    start=_inner(),
    steps=_inner(),
)
OFFICIAL = shape(direction=needed(Label(16)), series=optional(Label(32)), type=optional(Key()))
FIELD = shape(
    field=needed(Key()),
    title=needed(Label(TITLE)),
    title_en=optional(Label(TITLE_EN)),
    kind=optional(Word(FieldKind), FieldKind.TEXT),
    required=optional(YesNo(), False),
    hint=optional(Label(HINT)),
    choices=_inner(),
    columns=_inner(),
    min=optional(Figure(), None),
    max=optional(Figure(), None),
    max_length=optional(Whole(1, 20_000), 0),
    most=optional(Whole(1, 500), 0),
    total_of=optional(Label(70)),
    public=optional(YesNo(), False),
)
CHOICE = shape(key=needed(Key()), title=needed(Label(TITLE)), title_en=optional(Label(TITLE_EN)))
START = shape(fields=_inner())
_NODE = {"step": Key(), "title": Label(TITLE)}


def _step(**keys: colander.SchemaNode) -> colander.SchemaNode:
    common = {name: needed(kind) for name, kind in _NODE.items()}
    return shape(**common, title_en=optional(Label(TITLE_EN)), kind=_inner(), **keys)


STEPS = {
    NodeKind.SIGN: _step(
        by=_inner(),
        mode=optional(Word(SignMode), SignMode.SINGLE),
        ratio=optional(Whole(1, 100), 100),
        when_empty=optional(Word(WhenEmpty), WhenEmpty.MANAGERS),
        when_starter=optional(Word(WhenStarter), WhenStarter.ACT),
        when_repeated=optional(Word(WhenRepeated), WhenRepeated.ACT),
        when_rejected=optional(Word(WhenRejected), WhenRejected.END),
        batch=optional(YesNo(), False),
        needs_opinion=optional(YesNo(), False),
        needs_signature=optional(YesNo(), False),
        can_return=optional(YesNo(), True),
        can_reject=optional(YesNo(), True),
        deadline=_inner(),
        fields=_inner(),
        operations=_inner(),
    ),
    NodeKind.CIRCULATE: _step(to=_inner()),
    NodeKind.BRANCH: _step(mode=optional(Word(BranchMode), BranchMode.EXCLUSIVE), paths=_inner()),
    NodeKind.CHILD: _step(process=needed(Key()), values=_inner()),
}
PATH = shape(
    path=needed(Key()),
    title=needed(Label(TITLE)),
    title_en=optional(Label(TITLE_EN)),
    when=_inner(),
    steps=_inner(),
)
DEADLINE = shape(
    within=needed(Span()),
    remind_before=optional(Span(), 0),
    escalate_after=optional(Span(), 0),
    escalate_to=_inner(),
    act_after=optional(Span(), 0),
    act=optional(Word(WhenLate), WhenLate.NOTHING),
    jump_to=optional(Key()),
)
