"""What acts, states and kinds are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyramid.request import Request

from xinglin.api.i18n import translator
from xinglin_documents.models import ItemStatus, Secrecy, Urgency
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.engine.definition import BranchMode, SignMode
from xinglin_documents.service.inbox.values import Tab
from xinglin_documents.service.port import SourceAct

_ = translator("documents")

TABS: Mapping[Tab, str] = {
    Tab.TO_DO: _("To do"),
    Tab.DONE: _("Handled"),
    Tab.TO_READ: _("To read"),
    Tab.READ: _("Read by me"),
    Tab.STARTED: _("Mine"),
    Tab.TRACKED: _("Followed"),
}

ACTS: Mapping[str, str] = {
    Act.APPROVE: _("Approve"),
    Act.REJECT: _("Reject"),
    Act.RETURN: _("Return"),
    Act.TRANSFER: _("Transfer"),
    Act.DELEGATE: _("Delegate"),
    Act.ANSWER: _("Give advice"),
    Act.ADD_BEFORE: _("Add signers before me"),
    Act.ADD_AFTER: _("Add signers after me"),
    Act.REMOVE_SIGNER: _("Remove signers"),
    Act.WITHDRAW: _("Withdraw"),
    Act.TAKE_BACK: _("Take it back"),
    Act.COPY: _("Send a copy"),
    Act.CIRCULATE: _("Circulate"),
    Act.COMMENT: _("Leave an opinion"),
    "read": _("Have read it"),
    Act.URGE: _("Urge"),
    Act.SUSPEND: _("Suspend"),
    Act.RESUME: _("Resume"),
    Act.TERMINATE: _("Terminate"),
    Act.RESUBMIT: _("Submit again"),
    SourceAct.FORWARD: _("Forward"),
    SourceAct.MARK_READ: _("Mark as read"),
}
"""What buttons say; the timeline says `DID_WORDS`."""

HINTS: Mapping[str, str] = {
    Act.TRANSFER: _("It is theirs from then on, and leaves your list."),
    Act.DELEGATE: _("They give you advice; it comes back to you and you decide."),
    Act.ADD_BEFORE: _("They sign first, then it comes back to you."),
    Act.ADD_AFTER: _("They sign after you, before it goes on."),
    Act.REMOVE_SIGNER: _("They are not asked any more at this step."),
    Act.COPY: _("They may read it; the flow does not wait for them."),
    Act.CIRCULATE: _("They read it and may leave an opinion of their own; the flow does not wait for them."),
    Act.WITHDRAW: _("The document ends here; you may start it anew."),
    Act.TAKE_BACK: _("What you sent on comes back to you, as nobody has handled it yet."),
    Act.URGE: _("Those it waits for get a message; that you urged is kept with it."),
    Act.SUSPEND: _("Nobody can handle it and no deadline runs until it is resumed."),
    Act.RESUME: _("It goes on where it stood."),
    Act.TERMINATE: _("The document ends here for good."),
    Act.REJECT: _("You do not agree. What follows is laid down in the process."),
}

DID_WORDS: Mapping[Act, str] = {
    Act.START: _("submitted it"),
    Act.RESUBMIT: _("submitted it again"),
    Act.APPROVE: _("approved"),
    Act.REJECT: _("rejected"),
    Act.RETURN: _("returned it"),
    Act.TRANSFER: _("transferred it"),
    Act.DELEGATE: _("delegated it"),
    Act.ANSWER: _("gave advice"),
    Act.ADD_BEFORE: _("added signers before"),
    Act.ADD_AFTER: _("added signers after"),
    Act.REMOVE_SIGNER: _("removed signers"),
    Act.WITHDRAW: _("withdrew it"),
    Act.TAKE_BACK: _("took it back"),
    Act.COPY: _("sent copies"),
    Act.CIRCULATE: _("circulated it"),
    Act.COMMENT: _("left an opinion"),
    Act.URGE: _("urged"),
    Act.SUSPEND: _("suspended it"),
    Act.RESUME: _("resumed it"),
    Act.TERMINATE: _("terminated it"),
    Act.REMIND: _("reminder sent"),
    Act.ESCALATE: _("overdue: raised to the next level"),
    Act.TIME_OUT: _("overdue: handled automatically"),
    Act.CHILD_ENDED: _("sub-process ended"),
    Act.MIGRATE: _("moved to a new version of the process"),
}

DONE_WORDS: Mapping[str, str] = {
    Act.APPROVE: _("Approved."),
    Act.REJECT: _("Rejected."),
    Act.RETURN: _("Returned."),
    Act.TRANSFER: _("Transferred."),
    Act.DELEGATE: _("Delegated; it comes back to you."),
    Act.ANSWER: _("Your advice was sent."),
    Act.ADD_BEFORE: _("Signers were added; it comes back to you when they have signed."),
    Act.ADD_AFTER: _("Signers were added."),
    Act.REMOVE_SIGNER: _("Signers were removed."),
    Act.WITHDRAW: _("Withdrawn."),
    Act.TAKE_BACK: _("Taken back."),
    Act.COPY: _("Copies were sent."),
    Act.CIRCULATE: _("It was circulated."),
    Act.COMMENT: _("Your opinion was added."),
    "read": _("Marked as read."),
    Act.URGE: _("Urged: those it waits for get a message."),
    Act.SUSPEND: _("Suspended."),
    Act.RESUME: _("Resumed."),
    Act.TERMINATE: _("Terminated."),
    Act.RESUBMIT: _("Submitted again."),
    Act.START: _("Submitted."),
    "track": _("You follow it from now on."),
    "untrack": _("You do not follow it any more."),
    SourceAct.FORWARD: _("Forwarded."),
    SourceAct.MARK_READ: _("Marked as read."),
}

STATUSES: Mapping[ItemStatus, str] = {
    ItemStatus.RUNNING: _("Under way"),
    ItemStatus.SUSPENDED: _("Suspended"),
    ItemStatus.COMPLETED: _("Completed"),
    ItemStatus.REJECTED: _("Rejected"),
    ItemStatus.WITHDRAWN: _("Withdrawn"),
    ItemStatus.TERMINATED: _("Terminated"),
}

URGENCIES: Mapping[Urgency, str] = {
    Urgency.NORMAL: _("Normal"),
    Urgency.URGENT: _("Urgent"),
    Urgency.MOST_URGENT: _("Most urgent"),
}

SECRECIES: Mapping[Secrecy, str] = {
    Secrecy.INTERNAL: _("Internal"),
    Secrecy.SECRET: _("Secret"),
    Secrecy.CONFIDENTIAL: _("Confidential"),
}

MODES: Mapping[str, str] = {
    SignMode.ALL: _("all sign"),
    SignMode.ANY: _("any one signs"),
    SignMode.IN_TURN: _("one after another"),
    BranchMode.EXCLUSIVE: _("one of these ways"),
    BranchMode.PARALLEL: _("all at the same time"),
    BranchMode.INCLUSIVE: _("whichever apply"),
}

SOURCES: Mapping[str, str] = {"weaver": _("Weaver OA"), "landray": _("Landray OA")}


def source_title(name: str) -> str:
    """What the OA of a connector is called."""
    return SOURCES.get(name, _("OA"))


def said(request: Request, act: str) -> list[dict[str, Any]]:
    """One of the layout's `notices`: what was done on the page before."""
    return [{"text": request.translate(DONE_WORDS[act]), "is_error": False}] if act in DONE_WORDS else []
