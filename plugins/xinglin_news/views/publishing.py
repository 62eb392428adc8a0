"""Pages of the authors: whom a notice is for, publishing after a look at the count, and withdrawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.people import Term
from xinglin.api.services import DomainError
from xinglin_news.models import Notice
from xinglin_news.permissions import NewsPermission
from xinglin_news.schemas import AudienceSchema, ConfirmSchema, term_text
from xinglin_news.service.addressing import AddressingService, Choice, Choices, Rule
from xinglin_news.service.publishing import PublishingService
from xinglin_news.service.writing import WritingService
from xinglin_news.views.attachments import shown_to_author
from xinglin_news.views.inputs import read
from xinglin_news.views.sayings import says_refusal


@view_config(
    route_name="news.audience",
    request_method="GET",
    renderer="news/audience.jinja2",
    permission=NewsPermission.PUBLISH,
)
def show_audience(request: Request) -> dict[str, Any]:
    notice = _notice(request)
    return _chooser(request, notice, request.service(AddressingService).rule(notice), {})


@view_config(
    route_name="news.audience",
    request_method="POST",
    renderer="news/audience.jinja2",
    permission=NewsPermission.READ,
)
def save_audience(request: Request) -> dict[str, Any] | Response:
    """Only the button `save` stores; the page itself posts after each tick, to draw the preview and found persons."""
    notice, rule, words = _posted(request)
    if "save" not in request.POST:
        return _chooser(request, notice, rule, words)
    try:
        request.service(AddressingService).save(notice, rule)
    except DomainError as refused:
        request.response.status_int = refused.status
        return {**_chooser(request, notice, rule, words), "notices": [says_refusal(request, refused)]}
    return HTTPSeeOther(request.route_path("news.publish", notice=notice.public_id))


@view_config(
    route_name="news.publish",
    request_method="GET",
    renderer="news/publish.jinja2",
    permission=NewsPermission.PUBLISH,
)
def show_publish(request: Request) -> dict[str, Any]:
    notice = _notice(request)
    addressing = request.service(AddressingService)
    found: dict[str, Any] = {
        "notice": notice,
        "preview": None,
        "audience": addressing.describe(notice),
        "notices": [],
        "files": shown_to_author(request, notice),
        "now": request.clock.now(),
    }
    try:
        request.service(PublishingService).check(notice)
        found["preview"] = addressing.preview(notice, addressing.rule(notice))
    except DomainError as refused:
        found["notices"] = [says_refusal(request, refused)]
    return found


@view_config(route_name="news.publish", request_method="POST", permission=NewsPermission.READ)
def publish(request: Request) -> Response:
    notice = _notice(request)
    request.service(PublishingService).publish(notice, read(ConfirmSchema(), request.POST)["version"])
    if notice.is_published:
        query = {"published": "1"}
        return HTTPSeeOther(request.route_path("news.readers", notice=notice.public_id, _query=query))
    return HTTPSeeOther(request.route_path("news.mine"))


@view_config(route_name="news.withdraw", request_method="POST", permission=NewsPermission.PUBLISH)
def withdraw(request: Request) -> Response:
    request.service(PublishingService).withdraw(_notice(request))
    return HTTPSeeOther(request.route_path("news.mine"))


def _notice(request: Request) -> Notice:
    return request.service(WritingService).find(request.matchdict["notice"])


def _posted(request: Request) -> tuple[Notice, Rule, dict[str, str]]:
    posted = request.POST
    lists = {name: posted.getall(name) for name in ("include", "exclude")}
    words = {name: posted.get(name, "") for name in ("include_q", "exclude_q")}
    found = read(AudienceSchema(), {**lists, **words})
    rule = Rule(tuple(found["include"]), tuple(found["exclude"]))
    return _notice(request), rule, {name: found[name] for name in words}


def _chooser(request: Request, notice: Notice, rule: Rule, words: dict[str, str]) -> dict[str, Any]:
    service = request.service(AddressingService)
    found: dict[str, Any] = {
        "notice": notice,
        "notices": [],
        "preview": None,
        "sides": [
            _side("include", service, rule.includes, service.includable(notice), words.get("include_q", "")),
            _side("exclude", service, rule.excludes, service.excludable(), words.get("exclude_q", "")),
        ],
    }
    try:
        found["preview"] = service.preview(notice, rule)
    except DomainError as refused:
        found["notices"] = [says_refusal(request, refused)]
    return found


@dataclass(frozen=True)
class Tick:
    """A box to tick; `own_value` is the same department without those below it."""

    value: str
    own_value: str
    title: str
    note: str
    depth: int
    has_children: bool

    @classmethod
    def of(cls, choice: Choice) -> Tick:
        own = Term("department", choice.term.id)
        value = term_text(choice.term)
        return cls(value, term_text(own), choice.title, choice.note, choice.depth, choice.has_children)


@dataclass(frozen=True)
class Side:
    """One half of the chooser: what is included, or what is excluded."""

    name: str
    chosen: frozenset[str]
    departments: list[Tick]
    roles: list[Tick]
    tags: list[Tick]
    people: list[Tick]
    words: str

    @property
    def has_departments(self) -> bool:
        """Whether a department is ticked: then the list is drawn open."""
        return any(value.startswith("department") for value in self.chosen)


def _side(
    name: str, service: AddressingService, terms: tuple[Term, ...], choices: Choices, words: str
) -> Side:
    people = service.chosen_people(terms)
    people += [one for one in service.people(words) if one not in people]
    return Side(
        name=name,
        chosen=frozenset(map(term_text, terms)),
        departments=list(map(Tick.of, choices.departments)),
        roles=list(map(Tick.of, choices.roles)),
        tags=list(map(Tick.of, choices.tags)),
        people=list(map(Tick.of, people)),
        words=words,
    )
