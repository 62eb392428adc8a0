"""A process as values: nodes in a tree, so that whatever is split is joined and no token can be lost.

The text that people write is read by `service.definitions`; here everything has been checked.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from xinglin_documents.service.engine.conditions import Condition

START = "start"
"""The key of the node where the starter fills in the form; returning to it is returning to the starter."""


class SignMode(enum.StrEnum):
    """单人 (whoever of them acts first), 会签, 或签, 依次审批."""

    SINGLE = "single"
    ALL = "all"
    ANY = "any"
    IN_TURN = "in_turn"


class BranchMode(enum.StrEnum):
    """One path, all paths, or all whose condition holds. The last path of a choice needs no condition."""

    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"
    INCLUSIVE = "inclusive"


class ApproverKind(enum.StrEnum):
    """How approvers are found; what `Approvers.value` means is said at each."""

    PERSON = "person"  # a staff number
    ROLE = "role"  # the key of a role; of: a department, or of the whole hospital
    POST = "post"  # the words of a post, such as 院长; of: as above
    TAG = "tag"  # the name of a tag
    HEAD = "head"  # who leads the department `of`; no value
    SUPERIOR = "superior"  # who leads the starter's department, or the one above if that is the starter; value: levels
    FIELD = "field"  # a form field of kind person or persons
    EARLIER = "earlier"  # whoever approved at an earlier node, by its key
    STARTER = "starter"  # no value
    MANAGERS = "managers"  # holders of documents:manage; no value


@dataclass(frozen=True)
class Approvers:
    """One rule. `of` is "" (the whole hospital), "starter" (the starter's department), "field:<key>" or a department code."""

    kind: ApproverKind
    value: str = ""
    of: str = ""


class WhenEmpty(enum.StrEnum):
    """What if nobody is found: ask the managers, or go on."""

    MANAGERS = "managers"
    SKIP = "skip"


class WhenStarter(enum.StrEnum):
    """What if the starter would approve her own: let her, go on without her, or ask her superior."""

    ACT = "act"
    SKIP = "skip"
    SUPERIOR = "superior"


class WhenRepeated(enum.StrEnum):
    """What if somebody approved at an earlier node already: ask again, or take it as approved."""

    ACT = "act"
    SKIP = "skip"


class WhenRejected(enum.StrEnum):
    """What a rejection does: end all, or give it back."""

    END = "end"
    TO_STARTER = "to_starter"
    TO_PREVIOUS = "to_previous"


class WhenLate(enum.StrEnum):
    """What happens at last when a deadline has passed, after reminders and escalation."""

    NOTHING = "nothing"
    APPROVE = "approve"
    REJECT = "reject"
    JUMP = "jump"


class Right(enum.StrEnum):
    """What a node may do with a form field."""

    EDIT = "edit"
    READ = "read"
    HIDE = "hide"


@dataclass(frozen=True)
class Deadline:
    """Minutes of working time from arrival: the due moment, a reminder before it, escalation and act after it (0: none)."""

    minutes: int
    remind_before: int = 0
    escalate_after: int = 0
    escalate_to: tuple[Approvers, ...] = ()
    act_after: int = 0
    act: WhenLate = WhenLate.NOTHING
    jump_to: str = ""


@dataclass(frozen=True)
class Node:
    """What all nodes have. `line` is where its text begins, for messages."""

    key: str
    title: str
    title_en: str = ""
    line: int = 0


@dataclass(frozen=True)
class SignNode(Node):
    """A node that waits for persons. `ratio`: percent of approvals that all-sign needs. `fields`: rights other than READ.

    `operations` are what its person must have done before approving, such as `issue_number`; see `service.operations`.
    """

    approvers: tuple[Approvers, ...] = ()
    mode: SignMode = SignMode.SINGLE
    ratio: int = 100
    when_empty: WhenEmpty = WhenEmpty.MANAGERS
    when_starter: WhenStarter = WhenStarter.ACT
    when_repeated: WhenRepeated = WhenRepeated.ACT
    when_rejected: WhenRejected = WhenRejected.END
    is_batchable: bool = False
    needs_opinion: bool = False
    needs_signature: bool = False
    can_return: bool = True
    can_reject: bool = True
    deadline: Deadline | None = None
    fields: Mapping[str, Right] = field(default_factory=dict)
    operations: tuple[str, ...] = ()


@dataclass(frozen=True)
class CirculateNode(Node):
    """Sends it to readers and goes on at once; they may leave an opinion of their own."""

    readers: tuple[Approvers, ...] = ()


@dataclass(frozen=True)
class Path:
    """One path of a branch; `when` None holds always."""

    key: str
    title: str
    when: Condition | None
    nodes: tuple[Node, ...]
    title_en: str = ""


@dataclass(frozen=True)
class BranchNode(Node):
    """Splits into paths and joins them again."""

    mode: BranchMode = BranchMode.EXCLUSIVE
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class ChildNode(Node):
    """Starts another process and waits for its end. `values`: field of the child -> field here."""

    process: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


class FieldKind(enum.StrEnum):
    """Kinds of form fields; values are JSON: text, number as text, ISO date or moment, list of ids, list of rows."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    MOMENT = "moment"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    PERSON = "person"
    PERSONS = "persons"
    DEPARTMENT = "department"
    FILES = "files"
    ROWS = "rows"


@dataclass(frozen=True)
class Choice:
    key: str
    title: str
    title_en: str = ""


@dataclass(frozen=True)
class FormField:
    """A field of a form; `columns` of ROWS are fields themselves. `total_of`: `rows.column`, the sum kept by the form."""

    key: str
    title: str
    kind: FieldKind
    title_en: str = ""
    is_required: bool = False
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    columns: tuple[FormField, ...] = ()
    min: float | None = None
    max: float | None = None
    max_length: int = 0
    most: int = 0
    total_of: str = ""
    is_public: bool = False  # may stand in lists and messages
    line: int = 0


class Withdrawal(enum.StrEnum):
    """Until when the starter may take it back: nobody has acted yet, any time while it runs, or never."""

    UNHANDLED = "unhandled"
    RUNNING = "running"
    NEVER = "never"


@dataclass(frozen=True)
class Official:
    """That the process makes official documents: `direction` outgoing or incoming, its number series, its type field."""

    direction: str
    series: str = ""
    type: str = ""


@dataclass(frozen=True)
class Definition:
    """One version of a process. `title_pattern` has `{starter}`, `{department}`, `{process}` and `{<field key>}`.

    `starters` empty: every member of staff. `urge_minutes`: the shortest time between two urges.
    """

    key: str
    version: int
    title: str
    nodes: tuple[Node, ...]
    form: tuple[FormField, ...] = ()
    title_en: str = ""
    category: str = ""
    icon: str = "document"
    sort_order: int = 100
    title_pattern: str = ""
    starters: tuple[Approvers, ...] = ()
    start_fields: Mapping[str, Right] = field(default_factory=dict)
    withdrawal: Withdrawal = Withdrawal.UNHANDLED
    urge_minutes: int = 60
    official: Official | None = None

    def __iter__(self) -> Iterator[Node]:
        """All nodes in reading order, those of paths after their branch."""
        yield from _walk(self.nodes)

    @cached_property
    def by_key(self) -> Mapping[str, Node]:
        return {node.key: node for node in self}

    def node(self, key: str) -> Node:
        """Raises KeyError; START is no node of the tree."""
        return self.by_key[key]

    def sign(self, key: str) -> SignNode:
        """A node of people. Raises KeyError."""
        node = self.by_key[key]
        if not isinstance(node, SignNode):
            raise KeyError(key)
        return node


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, BranchNode):
            for path in node.paths:
                yield from _walk(path.nodes)
