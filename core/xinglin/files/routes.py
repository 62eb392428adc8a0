"""The routes and services of files."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin.files import quarantine, reading, reading_rules, uploads
from xinglin.files.uploads import MOST_PIECE

QUARANTINE = "/login/emergency/quarantine"
"""Below the pages of administrators, so that it is reached from their zone only."""
FILE = "{file:[A-Za-z0-9_-]{1,24}}"


def includeme(config: Configurator) -> None:
    # A piece stays in memory: WebOb would write it to a temporary file, in plain, to be able to try a request again.
    config.add_request_method(lambda _request: MOST_PIECE, "request_body_tempfile_limit", property=True)
    config.add_service(uploads.UploadService, uploads.factory)
    config.add_route("core.files.uploads", "/files/uploads")
    config.add_route("core.files.upload", "/files/uploads/{upload}")
    config.add_route("core.files.finish", "/files/uploads/{upload}/finish")
    reading_rules.includeme(config)
    config.add_service(reading.ReadingService, reading.factory)
    config.add_route("core.files.file", f"/files/{FILE}")
    config.add_route("core.files.content", f"/files/{FILE}/content")
    config.add_route("core.files.page", f"/files/{FILE}/pages/{{number:[0-9]{{1,4}}}}")
    config.add_service(quarantine.QuarantineService, quarantine.factory)
    config.add_route("core.quarantine", QUARANTINE)
    config.add_route("core.quarantine.file", f"{QUARANTINE}/{FILE}")
    config.add_route("core.quarantine.release", f"{QUARANTINE}/{FILE}/release")
    config.add_route("core.quarantine.delete", f"{QUARANTINE}/{FILE}/delete")
    config.scan("xinglin.files.quarantine_views")
    config.scan("xinglin.files.reading_views")
    config.scan("xinglin.files.views")
