"""What people, the clock and child processes ask of an instance."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SYSTEM = 0
"""The actor of what the clock does."""


class Act(enum.StrEnum):
    """Every act. The names stand in events, entries (`Entry.act`) and audit records (`documents.<act>`)."""

    START = "start"
    RESUBMIT = "resubmit"
    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"
    TRANSFER = "transfer"
    DELEGATE = "delegate"
    ANSWER = "answer"
    ADD_BEFORE = "add_before"
    ADD_AFTER = "add_after"
    REMOVE_SIGNER = "remove_signer"
    WITHDRAW = "withdraw"
    TAKE_BACK = "take_back"
    COPY = "copy"
    CIRCULATE = "circulate"
    COMMENT = "comment"
    URGE = "urge"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    REMIND = "remind"
    ESCALATE = "escalate"
    TIME_OUT = "time_out"
    CHILD_ENDED = "child_ended"
    MIGRATE = "migrate"


@dataclass(frozen=True)
class Command:
    """`task`: the number of the actor's own task, where the act has one. `acting_for`: the approver whose task it is
    when a deputy acts (0: the actor's own). `to`: a node key (RETURN, TIME_OUT). `persons`: to whom (TRANSFER,
    DELEGATE, ADD_*, REMOVE_SIGNER, COPY, CIRCULATE). `is_direct`: resubmission goes straight back to the returner.
    `is_manager`: the actor holds documents:manage. `values`: new values of form fields. `outcome`: of CHILD_ENDED.
    """

    act: Act
    actor: int
    task: int = 0
    acting_for: int = 0
    to: str = ""
    is_direct: bool = False
    persons: tuple[int, ...] = ()
    is_manager: bool = False
    opinion: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
