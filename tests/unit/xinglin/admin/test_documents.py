"""Values as JSON documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from xinglin.admin.documents import document
from xinglin.admin.values import ActorName, ModuleEntry
from xinglin.api.i18n import translator

_ = translator("core")


def test_moments_are_told_in_utc_and_days_as_days():
    shanghai = timezone(timedelta(hours=8))
    assert document(datetime(2026, 11, 23, 9, 0, tzinfo=shanghai), str) == "2026-11-23T01:00:00Z"
    assert document(datetime(2026, 11, 23, 1, 0, 0, 5, tzinfo=UTC), str) == "2026-11-23T01:00:00.000005Z"
    assert document(date(2026, 11, 23), str) == "2026-11-23"


def test_only_sentences_of_ours_are_translated_not_names_from_the_database():
    entry = ActorName(_("The portal"), "The portal")
    assert document([entry], lambda text: f"<{text}>") == [{"name": "<The portal>", "kind": "The portal"}]


def test_what_is_not_known_stays_null():
    found = document(ModuleEntry("news", "新闻", "1.0", "", "enabled", is_required=True), str)
    assert (found["error"], found["is_required"]) == (None, True)
