"""YAML into plain texts, lists and mappings that know their lines; nothing of YAML that a form could be attacked with.

Every scalar stays the text that was written: `no` is no truth value and `007` no number. What a text means is decided
by the shape that reads it. Anchors, aliases and tags are refused, sizes are capped before anything is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from xinglin.api.i18n import TranslationString, translator
from xinglin_documents.service.definitions.faults import DefinitionFaults, Fault

_ = translator("documents")

MAX_BYTES, MAX_DEPTH, MAX_NODES = 100_000, 40, 8_000

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """`root` is made of `str`, `list` and `dict`; `faults` are keys that stand twice."""

    root: Any
    lines: Mapping[Path, int]
    faults: tuple[Fault, ...] = ()

    def line(self, path: Path) -> int:
        """The line of what stands at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(text: str) -> Source:
    """Raises `DefinitionFaults` for what is no YAML, or YAML of a kind that has no place here."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise DefinitionFaults([_too_large(1)])
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DefinitionFaults([_no_yaml(mark.line + 1 if mark else 1)]) from error
    except yaml.reader.ReaderError as error:
        raise DefinitionFaults([_no_yaml(text.count("\n", 0, error.position) + 1)]) from error
    except (
        ValueError,
        OverflowError,
    ) as error:  # PyYAML lets an escape through that is no letter: "\UFFFFFFFF"
        raise DefinitionFaults([_no_yaml(builder.line)]) from error
    return builder.source()


@dataclass
class _Frame:
    """A list or mapping under construction; `key` waits for its value."""

    made: Any
    path: Path
    key: str | None = None


@dataclass
class _Builder:
    """Events in, a tree out; without recursion, so that depth costs no stack."""

    line: int = 1
    root: Any = ""
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        self.line = event.start_mark.line + 1 if event.start_mark else self.line
        handler = HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def source(self) -> Source:
        return Source(self.root, self.lines, tuple(self.faults))

    def begin_document(self, _event: yaml.Event) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(_("A second document begins with “---”."), _("Keep one process in one text."))

    def scalar(self, event: yaml.ScalarEvent) -> None:
        self._check(event)
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.made, dict) and frame.key is None:
            self._begin_key(frame, event.value)
        else:
            self._place(event.value)

    def _begin_key(self, frame: _Frame, key: str) -> None:
        if key in frame.made:
            cause = _("“${key}” stands twice here.", mapping={"key": key})
            self.faults.append(Fault(self.line, cause, _("Remove one of the two.")))
        frame.key = key
        self.lines[(*frame.path, key)] = self.line

    def begin_list(self, event: yaml.NodeEvent) -> None:
        self._open(event, [])

    def begin_mapping(self, event: yaml.NodeEvent) -> None:
        self._open(event, {})

    def _open(self, event: yaml.NodeEvent, made: Any) -> None:
        self._check(event)
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.made, dict) and frame.key is None:
            self._refuse(
                _("A list or mapping stands where a key is expected."), _("Write a plain word before “:”.")
            )
        self.stack.append(_Frame(made, self._place(made)))
        if len(self.stack) > MAX_DEPTH:
            cause = _("This is nested more than ${most} levels deep.", mapping={"most": MAX_DEPTH})
            self._refuse(cause, _("Make a process of its own of the inner part."))

    def end(self, _event: yaml.Event) -> None:
        self.stack.pop()

    def alias(self, event: yaml.NodeEvent) -> None:
        self._check(event)

    def _check(self, event: yaml.NodeEvent) -> None:
        if event.anchor is not None:
            self._refuse(
                _("“&” and “*” (anchors) have no place in a process."),
                _("Write it out, or put the text in quotation marks."),
            )
        if getattr(event, "tag", None) is not None:
            self._refuse(
                _("“!” (a tag) has no place in a process."),
                _("Remove it, or put the text in quotation marks."),
            )
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise DefinitionFaults([_too_large(self.line)])

    def _place(self, made: Any) -> Path:
        """Put a value where it belongs; its path."""
        if not self.stack:
            self.root = made
            return ()
        frame = self.stack[-1]
        if isinstance(frame.made, list):
            path = (*frame.path, len(frame.made))
            frame.made.append(made)
            self.lines[path] = self.line
            return path
        key, frame.key = str(frame.key), None
        frame.made[key] = made
        return (*frame.path, key)

    def _refuse(self, cause: TranslationString, cure: TranslationString) -> None:
        raise DefinitionFaults([Fault(self.line, cause, cure)])


HANDLERS: Mapping[type[yaml.Event], Callable[[_Builder, Any], None]] = {
    yaml.DocumentStartEvent: _Builder.begin_document,
    yaml.ScalarEvent: _Builder.scalar,
    yaml.SequenceStartEvent: _Builder.begin_list,
    yaml.MappingStartEvent: _Builder.begin_mapping,
    yaml.SequenceEndEvent: _Builder.end,
    yaml.MappingEndEvent: _Builder.end,
    yaml.AliasEvent: _Builder.alias,
}


def _no_yaml(line: int) -> Fault:
    return Fault(
        line,
        _("This line cannot be read."),
        _("Look for a missing “:”, a quotation mark that is not closed, or a tab before the first letter."),
    )


def _too_large(line: int) -> Fault:
    return Fault(
        line,
        _("The text is too large for a process."),
        _(
            "At most ${kilobytes} KB: make processes of their own of its parts.",
            mapping={"kilobytes": MAX_BYTES // 1000},
        ),
    )
