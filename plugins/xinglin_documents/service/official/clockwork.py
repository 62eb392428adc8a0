"""The jobs of official documents: red heads, archive packages, reminders of supervision tasks."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import BinaryIO, cast

from xinglin.api.files import FileHeld, FileStore, OfficeConverter
from xinglin.api.push import PushService
from xinglin.types import Job, JobContext
from xinglin_documents.service.definitions import DefinitionService
from xinglin_documents.service.forms.signatures import SignatureService
from xinglin_documents.service.official import archiving, reminding
from xinglin_documents.service.official.rendering import HeadMaker, Site

logger = logging.getLogger(__name__)


def make_red_heads(context: JobContext) -> None:
    """Make the red heads that were asked for."""
    site = context.registry
    settings = site.settings
    files = FileStore.of(settings, site.keyring, context.session, context.clock)
    folder = site.plugins.settings_of("documents").red_head_folder
    printed = Site(settings.site_name, settings.zone, folder)
    converter = OfficeConverter.of(settings)
    HeadMaker(context.session, context.clock, context.audit, files, converter, printed).run()


def archive_ended(context: JobContext) -> None:
    """Pack documents that have ended; nothing is locked while their files are read."""
    site, session = context.registry, context.session
    due = archiving.waiting(session)
    session.rollback()
    for item_id in due:
        try:
            with site.database.read_session() as reader:
                definitions = DefinitionService(reader, context.clock, context.audit)
                stored = FileStore.of(site.settings, site.keyring, reader, context.clock)
                signatures = SignatureService(reader, context.audit, stored, site.keyring)
                package = archiving.package_of(
                    reader, stored, site.settings.zone, item_id, definitions.of, signatures.verify
                )
        except FileHeld:
            logger.info("document %s is archived when its files are checked", item_id)
            continue
        with package:
            files = FileStore.of(site.settings, site.keyring, session, context.clock)
            archiving.keep(session, context.clock, context.audit, files, item_id, cast("BinaryIO", package))
            session.commit()


def remind_of_supervision(context: JobContext) -> None:
    """Tell owners of tasks that are due within a day, or late."""
    push = PushService(context.session, context.clock, context.audit)
    reminding.remind(context.session, context.clock, push, context.registry.settings.zone)


JOBS = [
    Job("red_heads", make_red_heads, timedelta(seconds=3), is_slow=True),
    Job("archive_packages", archive_ended, timedelta(minutes=1), is_slow=True),
    Job("supervision", remind_of_supervision, timedelta(minutes=10)),
]
