"""What templates draw: lines of lists, steps of the timeline and of the picture, files; values with words ready."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pyramid.request import Request

from xinglin.api.files import FileState, file_path
from xinglin.api.i18n import translator
from xinglin_documents.models import BUILT_IN, InstanceFile, ItemStatus, Secrecy, Urgency
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.picture import PictureStep, Stage
from xinglin_documents.service.flow.values import Step
from xinglin_documents.service.inbox.service import InboxService
from xinglin_documents.service.inbox.values import Line, Tab, Wanted
from xinglin_documents.views.moments import Moments
from xinglin_documents.views.words import SECRECIES, STATUSES, URGENCIES, source_title

_ = translator("documents")

READERS_ACTS = (Act.COMMENT,)
ICONS = {
    "picture": "jpg jpeg png gif webp bmp heic tif tiff",
    "table": "xls xlsx et csv",
    "slides": "ppt pptx dps",
    "archive": "zip rar 7z",
}
CLOSED = frozenset(one.value for one in Secrecy if one.is_closed)
ICON_OF = {extension: icon for icon, extensions in ICONS.items() for extension in extensions.split()}


@dataclass(frozen=True)
class Mark:
    """A small coloured word; `tone` as of the macro `tag`."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class ShownLine:
    """A document in a list. `entry_id` is what batch approval sends."""

    public_id: str
    url: str
    entry_id: int
    title: str
    notes: tuple[str, ...]
    marks: tuple[Mark, ...]
    is_unread: bool
    is_batchable: bool


@dataclass(frozen=True)
class ShownStep:
    """A step of the picture and the names that stand at it: who waits, or who acted last."""

    step: PictureStep
    names: tuple[str, ...]

    @property
    def is_now(self) -> bool:
        return self.step.stage is Stage.NOW


@dataclass(frozen=True)
class ShownFile:
    name: str
    icon: str
    facts: str
    url: str = ""


def shown_lines(request: Request, tab: Tab, lines: Iterable[Line]) -> list[ShownLine]:
    when, folder = Moments(request), request.route_path("documents.item", item="")
    return [_line(request, when, tab, line, folder) for line in lines]


def first_to_do(request: Request) -> ShownLine | None:
    """The to-do on top of the list, if there is one."""
    lines = request.service(InboxService).page(Wanted()).lines[:1]
    return next(iter(shown_lines(request, Tab.TO_DO, lines)), None)


def _line(request: Request, when: Moments, tab: Tab, line: Line, folder: str) -> ShownLine:
    item, entry = line.item, line.entry
    moment = entry.done_at if tab in (Tab.DONE, Tab.READ) and entry.done_at else entry.arrived_at
    starter = (
        ""
        if tab is Tab.STARTED
        else " ".join(part for part in (item.starter_name, item.department_name) if part)
    )
    step = entry.step if tab is Tab.TO_DO else item.step
    return ShownLine(
        public_id=item.public_id,
        url=folder + item.public_id,
        entry_id=entry.id,
        title=item.title,
        notes=tuple(part for part in (when.ago(moment), item.process_title, starter, step) if part),
        marks=tuple(_marks(request, when, tab, line)),
        is_unread=tab in (Tab.TO_DO, Tab.TO_READ) and entry.read_at is None,
        is_batchable=tab is Tab.TO_DO and entry.is_batchable and item.source == BUILT_IN,
    )


def _marks(request: Request, when: Moments, tab: Tab, line: Line) -> Iterable[Mark]:
    item, entry = line.item, line.entry
    if item.urgency != Urgency.NORMAL:
        tone = "bad" if item.urgency == Urgency.MOST_URGENT else "brand"
        yield Mark(request.translate(URGENCIES[Urgency(item.urgency)]), tone)
    if tab is Tab.TO_DO and entry.due_at:
        yield Mark(when.due(entry.due_at), "bad" if when.is_late(entry.due_at) else "brand")
    if line.principal_name:
        yield Mark(request.translate(_("for ${name}"), name=line.principal_name), "brand")
    if item.secrecy in CLOSED:
        yield Mark(request.translate(SECRECIES[Secrecy(item.secrecy)]), "bad")
    if item.source != BUILT_IN:
        yield Mark(request.translate(source_title(item.source)))
    if tab is not Tab.TO_DO and item.status != ItemStatus.RUNNING:
        yield status_mark(request, item.status)


def status_mark(request: Request, status: str) -> Mark:
    tones = {ItemStatus.COMPLETED: "good", ItemStatus.RUNNING: "brand"}
    return Mark(request.translate(STATUSES[ItemStatus(status)]), tones.get(ItemStatus(status), "bad"))


def shown_picture(
    steps: Sequence[PictureStep], timeline: Sequence[Step], starter_name: str
) -> list[ShownStep]:
    """The picture with names: at a waiting step those it waits for, at a done one those who approved it."""
    waiting, acted = _names(timeline, is_waiting=True), _names(timeline, is_waiting=False)
    acted["start"] = [starter_name]
    found = []
    for step in steps:
        names = waiting.get(step.key, []) if step.stage is Stage.NOW else acted.get(step.key, [])
        found.append(ShownStep(step, tuple(names) if step.stage in (Stage.NOW, Stage.DONE) else ()))
    return found


def _names(timeline: Sequence[Step], *, is_waiting: bool) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for step in timeline:
        counts = step.is_waiting if is_waiting else step.act in (Act.APPROVE, Act.REJECT)
        if counts and step.person_name:
            names = found.setdefault(step.node, [])
            if step.person_name not in names:
                names.append(step.person_name)
    return found


def split_readers(timeline: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """What approvers did, and what readers of copies and circulation said: never mixed."""
    readers = [step for step in timeline if step.act in READERS_ACTS]
    return [replace(step) for step in timeline if step.act not in READERS_ACTS], readers


def shown_file(request: Request, attached: InstanceFile) -> ShownFile:
    stored = attached.file
    facts = f"{_extension(stored.name).upper()} · {_size(stored.size)}".removeprefix(" · ")
    if stored.state in (FileState.INFECTED, FileState.REFUSED, FileState.REMOVED):
        return ShownFile(stored.name, "warning", request.translate(_("withheld by the virus check")))
    return ShownFile(
        stored.name, ICON_OF.get(_extension(stored.name), "document"), facts, file_path(request, stored)
    )


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _size(size: int) -> str:
    """Bytes as people read them."""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} KB"
