"""Rules of the platform that tests turn on and off."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Switches:
    """``trusted_ip`` and ``trusted_domain`` False mean: refuse with 60020, show page error 50001."""

    contact_fields: str = "full"
    trusted_ip: bool = True
    trusted_domain: bool = True
    non_200_retry: bool = False
    disabled_agents: set[int] = field(default_factory=set)
