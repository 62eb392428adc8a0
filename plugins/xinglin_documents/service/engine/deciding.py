"""One door: a command comes in, effects go out, or a sentence that says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xinglin.api.i18n import translator
from xinglin_documents.service.engine import effects as e
from xinglin_documents.service.engine import governing, signing
from xinglin_documents.service.engine.commands import Act, Command
from xinglin_documents.service.engine.definition import START, Definition
from xinglin_documents.service.engine.errors import Refused
from xinglin_documents.service.engine.facts import Facts
from xinglin_documents.service.engine.machine import Machine
from xinglin_documents.service.engine.state import State, Status

_ = translator("documents")

ALWAYS = frozenset({Act.COMMENT, Act.COPY, Act.CIRCULATE})
"""Acts that change nothing of the flow: possible when it is over, too."""
WHEN_SUSPENDED = ALWAYS | {Act.RESUME, Act.TERMINATE, Act.MIGRATE}


@dataclass(frozen=True)
class Decision:
    """What the command did, and where that leads to."""

    effects: tuple[e.Effect, ...]
    state: State


def decide(definition: Definition, state: State, command: Command, facts: Facts) -> Decision:
    """Carry out `command`. The given state is used up: go on with that of the decision. Raises Refused."""
    _check_status(state, command)
    machine = Machine(definition, state, facts)
    ACTS[command.act](machine, command)
    return Decision(tuple(machine.effects), machine.state)


def _check_status(state: State, command: Command) -> None:
    if state.status.is_over and command.act not in ALWAYS:
        raise Refused(_("This document has ended already; nothing can be done to it any more."))
    if state.status is Status.SUSPENDED and command.act not in WHEN_SUSPENDED:
        raise Refused(_("This document is suspended."), _("Ask who manages processes to resume it."))


def _start(machine: Machine, command: Command) -> None:
    machine.do(e.Begun(command.actor))
    machine.do(e.Entered(START, 1))
    machine.seat(START, command.actor)
    machine.finish(machine.state.runs[START], command.actor)


def _nothing(machine: Machine, command: Command) -> None:
    """The event itself is all."""


def _send(machine: Machine, command: Command) -> None:
    persons = signing.present(machine, command.persons)
    machine.do(e.Sent(persons, command.act.value, command.to))


ACTS: dict[Act, Callable[[Machine, Command], None]] = {
    Act.START: _start,
    Act.RESUBMIT: signing.resubmit,
    Act.APPROVE: signing.approve,
    Act.REJECT: signing.reject,
    Act.RETURN: signing.give_back,
    Act.TRANSFER: signing.transfer,
    Act.DELEGATE: signing.delegate,
    Act.ANSWER: signing.answer,
    Act.ADD_BEFORE: signing.add_before,
    Act.ADD_AFTER: signing.add_after,
    Act.REMOVE_SIGNER: governing.remove_signer,
    Act.WITHDRAW: governing.withdraw,
    Act.TAKE_BACK: governing.take_back,
    Act.COPY: _send,
    Act.CIRCULATE: _send,
    Act.COMMENT: _nothing,
    Act.URGE: governing.urge,
    Act.SUSPEND: governing.suspend,
    Act.RESUME: governing.resume,
    Act.TERMINATE: governing.terminate,
    Act.REMIND: governing.remind,
    Act.ESCALATE: governing.escalate,
    Act.TIME_OUT: governing.time_out,
    Act.CHILD_ENDED: governing.child_ended,
    Act.MIGRATE: governing.migrate,
}
