"""Findings of all scanners in one form, and which of them are known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Finding:
    """`key` stays the same while the cause stays the same: no line numbers, no random values."""

    tool: str
    rule: str
    place: str
    severity: Severity
    message: str

    @property
    def key(self) -> str:
        return f"{self.tool} {self.rule} {self.place}"


@dataclass(frozen=True)
class Report:
    """All findings, and the reason why each known one is accepted."""

    findings: Sequence[Finding]
    known: Mapping[str, str]
    ran: Sequence[str]

    @property
    def new_high(self) -> list[Finding]:
        return [one for one in self.findings if one.severity == "high" and one.key not in self.known]

    @property
    def gone(self) -> list[str]:
        """Keys of the baseline whose scanner ran and found nothing: they can be taken out."""
        found = {one.key for one in self.findings}
        return sorted(key for key in self.known if key not in found and key.partition(" ")[0] in self.ran)

    def write(self, path: Path) -> None:
        rows = [
            {**asdict(one), "key": one.key, "status": "known" if one.key in self.known else "new"}
            | ({"reason": self.known[one.key]} if one.key in self.known else {})
            for one in sorted(self.findings, key=lambda one: (one.severity, one.key))
        ]
        body = {"ran": list(self.ran), "findings": rows, "no_longer_found": self.gone}
        path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_baseline(path: Path) -> dict[str, str]:
    """Key → reason. Raises `ValueError` for one without a reason."""
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    for key, reason in known.items():
        if not reason.strip():
            raise ValueError(f"{path.name}: {key} has no reason. Cure: say why it is accepted, or repair it")
    return known


def unique(findings: Iterable[Finding]) -> list[Finding]:
    """The first of each key."""
    return list({one.key: one for one in reversed(list(findings))}.values())[::-1]
