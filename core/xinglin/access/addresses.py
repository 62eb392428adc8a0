"""Whose address a request really comes from, and how networks are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]+|\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]+)?")
NEIGHBOURS = 64
"""Bits of an IPv6 address that belong to one subscriber (RFC 6177); he may change the others at will."""


def network_of(text: str) -> Network:
    """`10.0.0.0/8`, `2001:db8::/32` or one address; bits behind the mask are cut off. Raises `ValueError`."""
    return ip_network(text.strip(), strict=False)


def address_of(text: str) -> Address | None:
    """The address, an IPv4 one inside IPv6 as IPv4; None for anything that is no address."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_inside(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def subscriber_of(text: str) -> str:
    """What limits count as one client: the address, of IPv6 its first 64 bits."""
    found = address_of(text)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, NEIGHBOURS), strict=False))
    return str(found) if found else "unknown"


@dataclass(frozen=True)
class Proxies:
    """The reverse proxies whose word is believed."""

    networks: tuple[Network, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Proxies:
        return cls(tuple(network_of(text) for text in texts))

    def unwrap(self, environ: MutableMapping[str, Any]) -> None:
        """Put the real client into REMOTE_ADDR and the real scheme into wsgi.url_scheme; forwarding headers go.

        `X-Forwarded-For` grows on the right: the first address from there that is no proxy of ours is the client,
        everything left of it is only what that client claims. From anybody else the headers are worth nothing. A hop
        that cannot be read leaves no address at all, which no closed zone lets in; without the header the proxy itself
        asks, such as for its health check.
        """
        forwarded = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "")
        near = address_of(environ.get("REMOTE_ADDR", ""))
        if not is_inside(near, self.networks):
            return
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        for text in reversed(forwarded.split(",") if forwarded else []):
            hop = address_of(_without_port(text.strip()))
            environ["REMOTE_ADDR"] = str(hop) if hop else ""
            if hop is None:
                return
            if not is_inside(hop, self.networks):
                return


def _without_port(text: str) -> str:
    """`192.0.2.1:5555` and `[2001:db8::9]:443` are how some proxies write an address."""
    match = PORT.fullmatch(text)
    return (match["v6"] or match["v4"]) if match else text
