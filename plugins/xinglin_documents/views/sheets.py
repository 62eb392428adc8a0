"""What the sheet of each act asks for, and what is missing before it can be done."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinglin.api.i18n import translator
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import SignNode

_ = translator("documents")


class Asks(enum.StrEnum):
    """What has to be chosen, besides the opinion."""

    NOTHING = "nothing"
    TARGET = "target"
    PERSON = "person"
    PERSONS = "persons"
    SIGNERS = "signers"


@dataclass(frozen=True)
class Sheet:
    """`kind` is that of the button: primary or warn. `sends_form`: values of the step's fields go with it."""

    act: Act
    asks: Asks = Asks.NOTHING
    kind: str = "primary"
    must_say_why: bool = False
    has_departments: bool = False
    sends_form: bool = False

    def needs_opinion(self, node: SignNode | None) -> bool:
        return self.must_say_why or (self.act is Act.APPROVE and node is not None and node.needs_opinion)

    def problem(self, asked: Mapping[str, Any], node: SignNode | None) -> str:
        """A sentence about what is missing, or nothing."""
        if self.asks is Asks.TARGET and not asked["to"]:
            return _("Choose the step to which it is returned.")
        chosen = len(asked["person"])
        if self.asks in (Asks.PERSON, Asks.SIGNERS) and chosen != 1:
            return _("Choose one person.")
        if self.asks is Asks.PERSONS and not chosen and not asked["department"]:
            return _("Choose at least one person.")
        if self.needs_opinion(node) and not asked["opinion"].strip():
            return _("Write an opinion first: this step asks for one.")
        return ""


SHEETS: Mapping[str, Sheet] = {
    sheet.act: sheet
    for sheet in (
        Sheet(Act.APPROVE, sends_form=True),
        Sheet(Act.RESUBMIT, sends_form=True),
        Sheet(Act.REJECT, kind="warn", sends_form=True),
        Sheet(Act.RETURN, Asks.TARGET, kind="warn"),
        Sheet(Act.ANSWER),
        Sheet(Act.TRANSFER, Asks.PERSON),
        Sheet(Act.DELEGATE, Asks.PERSON),
        Sheet(Act.ADD_BEFORE, Asks.PERSONS),
        Sheet(Act.ADD_AFTER, Asks.PERSONS, sends_form=True),
        Sheet(Act.REMOVE_SIGNER, Asks.SIGNERS, kind="warn"),
        Sheet(Act.COPY, Asks.PERSONS, has_departments=True),
        Sheet(Act.CIRCULATE, Asks.PERSONS, has_departments=True),
        Sheet(Act.COMMENT, must_say_why=True),
        Sheet(Act.URGE),
        Sheet(Act.WITHDRAW, kind="warn"),
        Sheet(Act.TAKE_BACK),
        Sheet(Act.SUSPEND, kind="warn", must_say_why=True),
        Sheet(Act.RESUME),
        Sheet(Act.TERMINATE, kind="warn", must_say_why=True),
    )
}
