"""media/*: uploads and downloads."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import BodyPartReader, web

from .api import Answer, Call, endpoint
from .errors import ApiError
from .mediastore import Media
from .state import SIMULATOR

MAX_PICTURE = 2 << 20
MAX_PLAIN_DOWNLOAD = 20 << 20


async def _read_part(call: Call) -> tuple[str, str, bytes]:
    """File name, content type and bytes of the part with a plain ``filename=``. Raises 44001."""
    if not call.request.content_type.startswith("multipart/"):
        raise ApiError(44001)
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        disposition = part.headers.get("Content-Disposition", "")
        if "filename=" not in disposition:
            # The real service does not understand RFC 2231 names (filename*=).
            raise ApiError(44001)
        if part.name != "media" and "name=media" not in disposition:
            continue
        content = bytes(await part.read(decode=False))
        return part.filename or "file", part.headers.get("Content-Type", "application/octet-stream"), content
    raise ApiError(44001)


@endpoint("POST", "media/upload", is_json=False)
async def upload(call: Call) -> Answer:
    """Store a temporary file."""
    filename, content_type, content = await _read_part(call)
    media = call.simulator.media.add(call.query.get("type", ""), filename, content_type, content)
    return {"type": media.kind, "media_id": media.media_id, "created_at": str(int(media.created_at))}


@endpoint("POST", "media/uploadimg", is_json=False)
async def upload_picture(call: Call) -> Answer:
    """Store a permanent picture and answer its address."""
    filename, content_type, content = await _read_part(call)
    if len(content) > MAX_PICTURE:
        raise ApiError(45001)
    media = call.simulator.media.add("image", filename, content_type, content)
    return {"url": f"{call.simulator.base_url}/pictures/{media.media_id}"}


def _download(call: Call, media: Media) -> web.StreamResponse:
    name = quote(media.filename)
    headers = {
        "Content-Type": media.content_type,
        "Content-disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
        "Accept-Ranges": "bytes",
    }
    total = len(media.content)
    part = call.request.http_range
    if part.start is None and part.stop is None:
        if total > MAX_PLAIN_DOWNLOAD:
            raise ApiError(830002)
        return web.Response(body=media.content, headers=headers)
    start, stop, _ = part.indices(total)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{total}"
    return web.Response(status=206, body=media.content[start:stop], headers=headers)


@endpoint("GET", "media/get")
def download(call: Call) -> web.StreamResponse:
    """Bytes of a temporary file; errors are JSON."""
    media_id = call.query.get("media_id", "")
    if not media_id:
        raise ApiError(41006)
    return _download(call, call.simulator.media.get(media_id))


async def show_picture(request: web.Request) -> web.StreamResponse:
    """GET /pictures/{media_id}: a picture stored by media/uploadimg or sent as an image message."""
    try:
        media = request.app[SIMULATOR].media.get(request.match_info["media_id"])
    except ApiError as error:
        raise web.HTTPNotFound from error
    return web.Response(body=media.content, content_type=media.content_type.split(";")[0])
