"""The HTTP way to the OA: bounded in bytes and in time, without redirects, proxies or the internet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from zeep.transports import Transport

CONNECT_SECONDS = 2.0
LEAST_SECONDS = 0.2
BUNDLED = {
    "http://schemas.xmlsoap.org/soap/encoding/": "soap-encoding.xsd",
    "http://www.w3.org/2005/05/xmlmime": "xmlmime.xsd",
}
"""Schemas that vendors' WSDLs import from the internet."""


class TooSlow(requests.Timeout):
    """The answer was not complete at the deadline."""


class TooLarge(requests.RequestException):
    """The answer is larger than is allowed."""


class BoundedTransport(Transport):
    """`most_bytes` of an answer at most; `within(seconds)` bounds everything inside it, in this thread."""

    def __init__(self, *, most_bytes: int, pool: int) -> None:
        session = requests.Session()
        session.trust_env = False  # no proxy, no .netrc: the OA stands in the same network
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=pool, max_retries=0))
        super().__init__(session=session)
        self._most_bytes = most_bytes
        self._deadline = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self._deadline.ends = time.monotonic() + seconds
        try:
            yield
        finally:
            del self._deadline.ends

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> requests.Response:
        ends = self._deadline.ends
        left = ends - time.monotonic()
        if left <= 0:
            raise requests.ConnectTimeout("no time left to ask")
        wait = (min(CONNECT_SECONDS, left), max(left, LEAST_SECONDS))
        response = self.session.post(
            address, data=message, headers=dict(headers), timeout=wait, stream=True, allow_redirects=False
        )
        with response:
            # The library's own reading waits anew for every packet: a trickle would hold us for ever.
            response._content = self._read(response, ends)  # noqa: SLF001 - the library has no public way
        return response

    def get(self, address: str, params: Any, headers: Any) -> requests.Response:
        raise requests.RequestException(f"{address}: the contract has no GET")

    def load(self, url: str) -> bytes:
        """A schema or WSDL of ours or of the site's folder; never anything from the network."""
        if url in BUNDLED:
            with as_file(files("xinglin_schemas") / "wsdl" / BUNDLED[url]) as path:
                return path.read_bytes()
        if "://" in url and not url.startswith("file://"):
            raise requests.RequestException(
                f"{url} would be fetched from the network. Cure: put it beside the WSDL and correct the import"
            )
        content: bytes = super().load(url.removeprefix("file://"))
        return content

    def _read(self, response: requests.Response, ends: float) -> bytes:
        parts, size = [], 0
        while part := response.raw.read1(65536, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._most_bytes:
                raise TooLarge(f"more than {self._most_bytes} bytes")
            if time.monotonic() > ends:
                raise TooSlow("the answer trickles")
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and not response.headers.get("Content-Encoding") and size < int(announced):
            raise requests.ConnectionError("the answer was cut off")
        return b"".join(parts)
