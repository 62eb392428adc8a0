"""The URLs of documents on one screen, and the services behind them."""

from __future__ import annotations

import re

from pyramid.config import Configurator

from xinglin_documents.service.board import baseline, cube, exporting, figures, stuck
from xinglin_documents.service.definitions import editing, migrating
from xinglin_documents.service.definitions import service as definitions
from xinglin_documents.service.flow import building, source
from xinglin_documents.service.flow.running import Runner
from xinglin_documents.service.flow.service import FlowService
from xinglin_documents.service.forms import directory, drafts, phrases, signatures, starting
from xinglin_documents.service.inbox import desk, seeing
from xinglin_documents.service.inbox import service as inbox
from xinglin_documents.service.inbox.files import may_read
from xinglin_documents.service.official.registry import add_services as add_official_services
from xinglin_documents.service.outside import receiving
from xinglin_documents.service.outside import service as outside
from xinglin_documents.service.time import calendar, deputies, working

ROUTES = (
    ("documents.inbox", "/documents"),
    ("documents.batch", "/documents/batch"),
    ("documents.new", "/documents/new"),
    ("documents.start", "/documents/new/{process}"),
    ("documents.outside_new", "/documents/oa/new"),
    ("documents.outside_start", "/documents/oa/new/{template}"),
    ("documents.draft", "/documents/drafts/{draft}"),
    ("documents.discard_draft", "/documents/drafts/{draft}/discard"),
    ("documents.draft_files", "/documents/drafts/{draft}/files/{field}"),
    ("documents.phrases", "/documents/phrases"),
    ("documents.people", "/documents/people"),
    ("documents.item", "/documents/items/{item}"),
    ("documents.operate", "/documents/items/{item}/operations/{operation}"),
    ("documents.sign_for", "/documents/items/{item}/sign-for"),
    ("documents.act", "/documents/items/{item}/{act}"),
    ("documents.outside_act", "/documents/outside/{item}/{act}"),
    ("documents.deputies", "/documents/deputies"),
    ("documents.deputy", "/documents/deputies/{deputy}/revoke"),
    ("documents.calendar", "/documents/calendar"),
    ("documents.calendar.day", "/documents/calendar/day"),
    ("documents.board", "/documents/board"),
    ("documents.board.stuck", "/documents/board/stuck"),
    ("documents.board.export", "/documents/board/export"),
    ("documents.board.baseline", "/documents/board/baseline"),
    ("documents.processes", "/documents/processes"),
    ("documents.process", "/documents/processes/{process}"),
    ("documents.process_publish", "/documents/processes/{process}/publish"),
    ("documents.process_documents", "/documents/processes/{process}/documents"),
    ("documents.process_arrange", "/documents/processes/{process}/arrange"),
    ("documents.process_discard", "/documents/processes/{process}/discard"),
    ("documents.register", "/documents/register"),
    ("documents.register_csv", "/documents/register/export.csv"),
    ("documents.numbers", "/documents/register/numbers"),
    ("documents.void_number", "/documents/register/numbers/{number}/void"),
    ("documents.official", "/documents/register/documents/{item}"),
    ("documents.archive_file", "/documents/register/documents/{item}/package"),
    ("documents.official_act", "/documents/register/documents/{item}/{act}"),
    ("documents.supervision", "/documents/supervision"),
    ("documents.supervision_task", "/documents/supervision/{task}"),
    ("documents.supervise", "/documents/supervision/{task}/{act}"),
    ("documents.oa.to_do", "/documents/oa/todo"),
    ("documents.oa.file", "/documents/oa/items/{item}/files/{file}"),
)
PLACE = re.compile(r"\{(\w+)\}")
KEY = r"[^/\x00-\x1f\x7f]+"
"""A key in an address: one with control characters, which databases refuse, leads nowhere."""


def includeme(config: Configurator) -> None:
    for name, pattern in ROUTES:
        config.add_route(name, PLACE.sub(lambda place: f"{{{place[1]}:{KEY}}}", pattern))
    add_official_services(config)
    config.add_service(desk.Desk, desk.factory)
    config.add_service(directory.Directory, directory.factory)
    config.add_service(drafts.DraftService, drafts.factory)
    config.add_service(phrases.PhraseService, phrases.factory)
    config.add_service(signatures.SignatureService, signatures.factory)
    config.add_service(outside.OutsideService, outside.factory)
    config.add_service(receiving.ReceivingService, receiving.factory)
    config.add_service(starting.StartingService, starting.factory)
    config.add_service(Runner, building.runner_factory)
    config.add_service(FlowService, building.factory)
    config.add_service(source.BuiltIn, source.factory)
    config.add_service(seeing.Looker, seeing.factory)
    config.add_service(inbox.InboxService, inbox.factory)
    config.add_file_rule("documents", may_read)
    config.add_service(definitions.DefinitionService, definitions.factory)
    config.add_service(editing.EditingService, editing.factory)
    config.add_service(migrating.MigrationService, migrating.factory)
    config.add_service(working.WorkingTime, working.factory)
    config.add_service(deputies.DeputyService, deputies.factory)
    config.add_service(calendar.CalendarService, calendar.factory)
    config.registry.documents_cubes = cube.CubeCache()
    config.add_service(figures.BoardService, figures.factory)
    config.add_service(stuck.StuckService, stuck.factory)
    config.add_service(baseline.BaselineService, baseline.factory)
    config.add_service(exporting.ExportService, exporting.factory)
    config.scan("xinglin_documents.views")
