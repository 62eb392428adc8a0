"""All that can happen to an instance. An event is a list of these; the state is their fold and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from xinglin_documents.service.engine.effects.base import Effect
from xinglin_documents.service.engine.effects.waiting import (
    Cancelled,
    Entered,
    Handled,
    Left,
    Opened,
    Paused,
    Reseated,
    Seated,
    Unqueued,
    Unseated,
    Voted,
    Woken,
)
from xinglin_documents.service.engine.effects.ways import (
    Dropped,
    Ended,
    Forgotten,
    Joined,
    Led,
    Passed,
    PathEnded,
    PathReopened,
    PutAside,
    Resumed,
    Split,
    TakenUp,
    Unsplit,
)
from xinglin_documents.service.engine.effects.whole import Became, Begun, Moved, Sent, Urged
from xinglin_documents.service.engine.state import Parked, State, run_json

__all__ = [
    "KINDS",
    "Became",
    "Begun",
    "Cancelled",
    "Dropped",
    "Effect",
    "Ended",
    "Entered",
    "Forgotten",
    "Handled",
    "Joined",
    "Led",
    "Left",
    "Moved",
    "Opened",
    "Passed",
    "PathEnded",
    "PathReopened",
    "Paused",
    "PutAside",
    "Reseated",
    "Resumed",
    "Seated",
    "Sent",
    "Split",
    "TakenUp",
    "Unqueued",
    "Unseated",
    "Unsplit",
    "Urged",
    "Voted",
    "Woken",
    "fold",
    "from_json",
    "parked_json",
    "run_json",
    "to_json",
]

KINDS: dict[str, type[Effect]] = {
    kind.do: kind
    for kind in (
        *(
            Begun,
            Entered,
            Seated,
            Opened,
            Paused,
            Woken,
            Handled,
            Cancelled,
            Reseated,
            Voted,
            Unseated,
            Unqueued,
            Left,
        ),
        *(Ended, Led, Passed, Forgotten, Split, PathEnded, Joined, Unsplit, PathReopened, PutAside, Dropped),
        *(TakenUp, Resumed, Became, Sent, Urged, Moved),
    )
}


def fold(state: State, effects: Iterable[Effect]) -> State:
    """The state after them; the one given stays as it is."""
    after = state.copy()
    for effect in effects:
        effect.apply(after)
    return after


def to_json(effect: Effect) -> dict[str, Any]:
    """As it is stored in `FlowEvent.effects`."""
    return {
        "do": effect.do,
        **vars(effect),
    }  # all are flat but for the JSON that `Resumed` and `PutAside` hold


def from_json(plain: dict[str, Any]) -> Effect:
    """The effect of `to_json`. Raises KeyError for a name that no version ever wrote."""
    fields = {key: tuple(one) if isinstance(one, list) else one for key, one in plain.items() if key != "do"}
    return KINDS[plain["do"]](**fields)


def parked_json(parked: Parked) -> dict[str, Any]:
    """For `PutAside`."""
    return dataclasses.asdict(parked)
