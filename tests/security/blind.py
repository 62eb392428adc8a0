"""Whether the scanners saw anything: the planted holes are found, and forms were accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.security.findings import Finding
from tests.security.planted import HOLES, PATH


@dataclass(frozen=True)
class Sight:
    """What a scan saw: findings, rows that forms wrote while wapiti sent them, acts that the API did for schemathesis."""

    findings: list[Finding]
    rows_written: int
    acts_recorded: int

    @property
    def real(self) -> list[Finding]:
        """Without the holes that we made ourselves."""
        return [one for one in self.findings if not is_planted(one)]

    def faults(self) -> Iterator[Finding]:
        """A hole that was not found is a finding: the scanner's clean report says nothing."""
        found = {(one.tool, one.rule) for one in self.findings if is_planted(one)}
        for tool, rule in sorted(HOLES - found):
            yield Finding("blind", tool, rule, "high", f"{tool} did not find the planted {rule}")
        if self.rows_written < 1:
            yield Finding("blind", "wapiti", "forms", "high", "no form that wapiti sent was accepted")
        if self.acts_recorded < 1:
            yield Finding("blind", "schemathesis", "token", "high", "no request of schemathesis was accepted")


def is_planted(finding: Finding) -> bool:
    return PATH in finding.place or "planted." in finding.place
