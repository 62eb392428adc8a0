"""The connector that the settings name, over SOAP services that a process builds once."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from xinglin.api.services import Clock
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.connectors import landray, weaver
from xinglin_documents.service.connectors.breaker import Breaker
from xinglin_documents.service.connectors.line import Line
from xinglin_documents.service.connectors.soap import Limits, SoapService
from xinglin_documents.service.connectors.transactions import Transactions
from xinglin_documents.service.connectors.users import UserBook
from xinglin_documents.service.port import DocumentSource

FILE_SECONDS = 30.0
BASE64 = 4 / 3
MEGABYTE = 1024 * 1024


def source_of(
    settings: DocumentsSettings, transactions: Transactions, clock: Clock, zone: ZoneInfo, password: str
) -> DocumentSource | None:
    """The source behind, or None when there is none. `password`: of the portal's technical user in the OA."""
    if settings.oa == "off":
        return None
    breaker = Breaker(settings.oa, transactions, clock, zone)
    if settings.oa == weaver.NAME:
        line = Line(_service(settings, "weaver-workflow", "services/WorkflowService", is_main=True), breaker)
        files = Line(_file_service(settings), breaker)
        find = partial(weaver.find_user, line, settings.oa_staff_field)
        users = UserBook(settings.oa, transactions, clock, find)
        return weaver.WeaverSource(line, files, users, clock, zone, (settings.oa_user, password))
    headers = partial(landray.header_of, settings.oa_user, password)
    notify, review = (
        Line(_service(settings, wsdl, f"sys/webservice/{name}", is_main=is_main), breaker, headers=headers)
        for wsdl, name, is_main in (
            ("landray-notify", "sysNotifyTodoWebService", True),
            ("landray-review", "kmReviewWebserviceService", False),
        )
    )
    users = UserBook(settings.oa, transactions, clock, lambda staff_no: staff_no)
    return landray.LandraySource(notify, review, users, clock, zone)


def _service(settings: DocumentsSettings, wsdl: str, path: str, *, is_main: bool) -> SoapService:
    limits = Limits(float(settings.oa_seconds), settings.oa_answer_mb * MEGABYTE, settings.oa_connections)
    own = settings.oa_wsdl if is_main else None
    return _built(own or wsdl, f"{settings.oa_endpoint.rstrip('/')}/{path}", limits)


def _file_service(settings: DocumentsSettings) -> SoapService:
    most = int(settings.oa_file_mb * MEGABYTE * BASE64) + MEGABYTE
    limits = Limits(FILE_SECONDS, most, settings.oa_connections)
    return _built("weaver-doc", f"{settings.oa_endpoint.rstrip('/')}/services/DocService", limits)


@cache
def _built(wsdl: Path | str, address: str, limits: Limits) -> SoapService:
    """One in a process; the WSDL is read when it is first called."""
    return SoapService(wsdl, address, limits)


def password_of(settings: DocumentsSettings, core: Any) -> str:
    """The secret `oa_password` of the site; empty when the settings name no technical user."""
    return str(core.secret("oa_password")) if settings.oa != "off" and settings.oa_user else ""
