"""The OA behind: its messages in, and its files."""

from __future__ import annotations

import logging
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from xinglin.api.files import file_path
from xinglin.api.security import PUBLIC
from xinglin_documents.permissions import DocumentsPermission
from xinglin_documents.service.outside.pushed import MOST_BYTES, PushRefused
from xinglin_documents.service.outside.receiving import ReceivingService
from xinglin_documents.service.outside.service import OutsideService

SHAPE = 400
logger = logging.getLogger(__name__)


@view_config(
    route_name="documents.oa.to_do",
    request_method="POST",
    permission=PUBLIC,
    require_csrf=False,
    renderer="json",
)
def receive(request: Request) -> dict[str, Any] | Response:
    """A signed message of the OA. The answer has its shape: operResult 1 for what needs no repeat."""
    try:
        headers = request.headers
        outcome = request.service(ReceivingService).receive(
            headers.get("X-OA-Timestamp", ""), headers.get("X-OA-Signature", ""), _body(request)
        )
    except PushRefused as refused:
        logger.warning("message of the OA refused (%s): %s", refused.status, refused)
        reason = str(refused) if refused.status == SHAPE else "refused"  # a stranger is told nothing
        return Response(json_body={"operResult": "0", "message": reason}, status=refused.status)
    return {"operResult": "0" if outcome == "unknown" else "1", "message": outcome}


@view_config(route_name="documents.oa.file", request_method="GET", permission=DocumentsPermission.USE)
def show_file(request: Request) -> HTTPSeeOther:
    """Fetch a file of the OA into our store, and lead to its page there."""
    service = request.service(OutsideService)
    item = service.find(request.matchdict["item"])
    stored = service.file(item, request.matchdict["file"])
    return HTTPSeeOther(file_path(request, stored))


def _body(request: Request) -> bytes:
    length = request.content_length
    if length is None or length > MOST_BYTES:
        raise PushRefused(411 if length is None else 413, "length")
    return bytes(request.body)
