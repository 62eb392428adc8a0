"""What people do by the clock: a reading of WeCom's contacts and a check of the facets."""

from __future__ import annotations

import logging
from datetime import timedelta

from xinglin.people.callbacks import ask_for_everything
from xinglin.people.facets import refresh
from xinglin.types import Job, JobContext

logger = logging.getLogger(__name__)


def sync_contacts(context: JobContext) -> None:
    """Callbacks may be lost: once a day all contacts are read."""
    if context.registry.settings.wecom_corp_id:
        ask_for_everything(context.session, context.registry)


def check_facets(context: JobContext) -> None:
    """Facets are kept true by every write; a difference is a defect, repaired and reported."""
    if changed := refresh(context.session, None):
        logger.error("facets: %s rows were not true and were repaired; please report this", changed)
        context.audit.record("people.facets_repaired", after={"rows": changed}, result="error")


JOBS = [
    Job("people_sync", sync_contacts, timedelta(days=1)),
    Job("people_facets", check_facets, timedelta(days=1)),
]
