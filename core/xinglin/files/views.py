"""Uploads in pieces, as JSON, for the pages of all modules.

1. `POST /files/uploads` with `{"plugin", "name", "size", "sha256"?}` answers 201 with the upload:
   `{"id", "name", "size", "offset", "state", "piece_bytes"}`.
2. `PUT /files/uploads/{id}` with the header `Upload-Offset` and the bytes of one piece, at most `piece_bytes`.
   409 carries `offset` too: go on from there.
3. `GET` or `HEAD /files/uploads/{id}` tells `offset` (HEAD: the header `Upload-Offset`) and `state`: `receiving`,
   `pending` (being checked), `clean`, `unscanned`, `infected`, `refused`.
4. `POST /files/uploads/{id}/finish`: the file exists from now on, under the same id, and is held until it is checked.

5. `DELETE /files/uploads/{id}` cancels an upload that is not finished: 204.

What is refused at 1 or 4 is recorded; at 4 the upload is gone with its bytes. Only modules that say who may read their
files (`config.add_file_rule`) take any. Every unsafe call carries `X-CSRF-Token`. Refusals are problem documents (RFC 9457) with a sentence in `title` and the
cure in `detail`. An upload that nobody touches for a day is removed.
"""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from xinglin.api.i18n import translator
from xinglin.files.errors import FileRefused, WrongOffset
from xinglin.files.models import FileUpload
from xinglin.files.reading_rules import check_takes_files
from xinglin.files.uploads import MOST_PIECE, UploadService
from xinglin.kernel.errors import page

_ = translator("core")
STAFF = "core:staff"
OFFSET = "Upload-Offset"


@view_config(route_name="core.files.uploads", request_method="POST", renderer="json", permission=STAFF)
def begin(request: Request) -> dict[str, Any] | Response:
    plugin, name, size, sha256 = _announced(request)
    service = request.service(UploadService)
    try:
        check_takes_files(request, plugin)
        upload = service.begin(plugin, name, size, sha256)
    except FileRefused as refused:
        service.note_refusal(refused, plugin=plugin, name=name)
        return page(request, refused.status, refused.message, refused.cure)
    request.response.status = 201
    return _shown(request, upload)


@view_config(
    route_name="core.files.upload", request_method=("GET", "HEAD"), renderer="json", permission=STAFF
)
def show(request: Request) -> dict[str, Any]:
    return _shown(request, request.service(UploadService).find(request.matchdict["upload"]))


@view_config(route_name="core.files.upload", request_method="PUT", renderer="json", permission=STAFF)
def add_piece(request: Request) -> dict[str, Any]:
    offset = request.headers.get(OFFSET, "")
    if not offset.isdecimal() or len(offset) > 15 or not 0 < (request.content_length or 0) <= MOST_PIECE:
        raise FileRefused(_("The piece has a wrong size."), _("Choose the file again."), status=413)
    service = request.service(UploadService)
    return _shown(request, service.add_piece(request.matchdict["upload"], int(offset), request.body))


@view_config(route_name="core.files.finish", request_method="POST", renderer="json", permission=STAFF)
def finish(request: Request) -> dict[str, Any] | Response:
    service = request.service(UploadService)
    upload = service.find(request.matchdict["upload"], will_change=True)
    try:
        service.finish(upload.public_id)
    except FileRefused as refused:
        # Answered, not raised: the transaction must stand that removes the upload and records the refusal.
        service.refuse(upload, refused)
        return page(request, refused.status, refused.message, refused.cure)
    return _shown(request, upload)


@view_config(route_name="core.files.upload", request_method="DELETE", permission=STAFF)
def cancel(request: Request) -> Response:
    request.service(UploadService).cancel(request.matchdict["upload"])
    return Response(status=204)


@exception_view_config(WrongOffset)
def wrong_offset(error: WrongOffset, request: Request) -> Response:
    response = page(request, error.status, error.message, error.cure)
    response.headers[OFFSET] = str(error.offset)
    response.json_body = {**response.json_body, "offset": error.offset}
    return response


def _announced(request: Request) -> tuple[str, str, int, str]:
    """Plugin, name, size and checksum; JSON of any other shape is refused."""
    try:
        body = request.json_body
    except ValueError:
        body = None
    match body:
        case {"plugin": str(plugin), "name": str(name), "size": int(size)} if (
            plugin in request.plugins.plugins
        ):
            return plugin, name, size, str(body.get("sha256", "")).lower()
    raise FileRefused(_("The upload was not announced as it should be."), _("Reload the page."), status=400)


def _shown(request: Request, upload: FileUpload) -> dict[str, Any]:
    request.response.headers[OFFSET] = str(upload.arrived)
    return {
        "id": upload.public_id,
        "name": upload.name,
        "size": upload.size,
        "offset": upload.arrived,
        "state": request.service(UploadService).state_of(upload),
        "piece_bytes": MOST_PIECE,
    }
