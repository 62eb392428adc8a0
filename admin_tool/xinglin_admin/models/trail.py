"""How audit records look in the table and in the card beside it."""

from __future__ import annotations

import json
from typing import Any

from xinglin_admin.api.trail import AuditRecord
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.grants import moment_text
from xinglin_admin.models.rows import Column
from xinglin_admin.theme import Tone

_RESULT_TONES = {"ok": Tone.PLAIN, "denied": Tone.WARNING, "error": Tone.BAD}


def trail_columns(texts: Texts) -> tuple[Column[AuditRecord], ...]:
    words = texts.audit
    return (
        Column(words.at, lambda record: moment_text(record.at, texts), lambda _record: Tone.QUIET),
        Column(words.actor, lambda record: record.actor_name),
        Column(words.action, lambda record: record.action),
        Column(words.object, object_text),
        Column(words.result, lambda record: result_text(record, texts), _result_tone),
        Column(
            words.record,
            lambda record: words.intact if record.is_intact else words.changed,
            lambda record: Tone.GOOD if record.is_intact else Tone.BAD,
        ),
    )


def trail_facts(record: AuditRecord, texts: Texts) -> list[tuple[str, str]]:
    words = texts.audit
    facts = [
        (words.record, f"{record.id} · {words.intact if record.is_intact else words.changed_long}"),
        (words.at, time_text(record)),
        (words.actor, f"{record.actor_name} ({record.actor_kind})"),
        (words.address, record.ip),
        (words.action, record.action),
        (words.object, object_text(record)),
        (words.result, result_text(record, texts)),
        *_detail_facts(record, texts),
        (words.request, record.request_id),
    ]
    return [(title, value) for title, value in facts if value]


def time_text(record: AuditRecord) -> str:
    """In the time zone of this computer, to the second."""
    return record.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def object_text(record: AuditRecord) -> str:
    return f"{record.object_kind} {record.object_id}".strip()


def result_text(record: AuditRecord, texts: Texts) -> str:
    words = texts.audit
    return {"ok": words.ok, "denied": words.denied, "error": words.error}.get(record.result, record.result)


def _result_tone(record: AuditRecord) -> Tone:
    return _RESULT_TONES.get(record.result, Tone.PLAIN)


def _detail_facts(record: AuditRecord, texts: Texts) -> list[tuple[str, str]]:
    words = texts.audit
    if record.details is None:
        return [(words.details, words.unreadable)]
    details = json.loads(record.details)
    titles = {"before": words.before, "after": words.after}
    return [(titles.get(key, key), _lines(value)) for key, value in details.items()]


def _lines(value: Any) -> str:
    if not isinstance(value, dict):
        return _cell(value)
    return "\n".join(f"{key}: {_cell(item)}" for key, item in value.items())


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
