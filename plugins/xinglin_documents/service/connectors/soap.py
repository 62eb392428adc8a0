"""One SOAP service by its WSDL: built once in a process, when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import requests
import urllib3
import zeep
from lxml import etree
from zeep import exceptions

from xinglin_documents.service.connectors.errors import CallFailed, Trouble
from xinglin_documents.service.connectors.transport import BoundedTransport, TooLarge

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
STRANGE = (exceptions.Error, etree.LxmlError, AttributeError, TypeError, ValueError, LookupError)
"""What the library raises for answers that are not of the contract."""


@dataclass(frozen=True)
class Limits:
    """Of one service: seconds in all for a call with its retries, bytes of an answer, connections kept."""

    seconds: float = 5.0
    most_bytes: int = 8 * 1024 * 1024
    pool: int = 8


class _ContractGuard(zeep.Plugin):
    """The library reads whatever element comes: an answer must be the one of the operation asked."""

    def ingress(self, envelope: Any, http_headers: Any, operation: Any) -> Any:
        body = envelope.find(f"{{{ENVELOPE}}}Body")
        first = next(iter(body), None) if body is not None else None
        wanted = operation.output.body.qname
        if first is None or etree.QName(first) not in (wanted, etree.QName(ENVELOPE, "Fault")):
            raise exceptions.XMLParseError(f"the answer is no {wanted.localname}")
        return envelope, http_headers

    def egress(self, envelope: Any, http_headers: Any, operation: Any, binding_options: Any) -> Any:
        return envelope, http_headers


class SoapService:
    """`wsdl`: a corrected file of the site, or the name of one of ours. `address` wins over that of the WSDL."""

    def __init__(self, wsdl: Path | str, address: str, limits: Limits) -> None:
        self._wsdl = wsdl
        self._address = address
        self._limits = limits
        self._transport = BoundedTransport(most_bytes=limits.most_bytes, pool=limits.pool)
        self._making = threading.Lock()
        self._made: tuple[Any, dict[str, str]] | None = None

    @property
    def seconds(self) -> float:
        return self._limits.seconds

    def has(self, operation: str) -> bool:
        """Whether the WSDL names it; vendors write the same name in different cases."""
        return operation.lower() in self._service()[1]

    def call(
        self, operation: str, *arguments: Any, seconds: float, headers: Sequence[Any] | None = None
    ) -> Any:
        """The result of one call, made once. Raises `CallFailed`."""
        service, names = self._service()
        if operation.lower() not in names:
            raise CallFailed(
                Trouble.UNREADABLE, f"{self._wsdl} has no operation {operation}", is_uncertain=False
            )
        options = {"_soapheaders": headers} if headers else {}
        try:
            with self._transport.within(seconds):
                return service[names[operation.lower()]](*arguments, **options)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _of_network(error) from None
        except exceptions.Fault as error:
            raise CallFailed(Trouble.FAULT, str(error.code)[:80]) from None
        except exceptions.TransportError as error:
            is_server = (error.status_code or 0) >= 500
            detail = f"HTTP {error.status_code} without SOAP"
            raise CallFailed(Trouble.DOWN if is_server else Trouble.UNREADABLE, detail) from None
        except STRANGE as error:
            raise CallFailed(Trouble.UNREADABLE, type(error).__name__) from None

    def _service(self) -> tuple[Any, dict[str, str]]:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> tuple[Any, dict[str, str]]:
        settings = zeep.Settings(
            strict=True,
            forbid_dtd=True,
            forbid_entities=True,
            forbid_external=True,
            xml_huge_tree=True,  # the transport's own cap is smaller
        )
        try:
            client = self._client(settings)
            service = next(iter(client.wsdl.services.values()))
            port = next(iter(service.ports.values()))
        except (OSError, StopIteration, *STRANGE) as error:
            detail = f"the WSDL {self._wsdl} cannot be used: {type(error).__name__}: {error}"
            raise CallFailed(Trouble.UNREADABLE, detail[:200], is_uncertain=False) from None
        names = {name.lower(): name for name in port.binding.all()}
        return client.create_service(port.binding.name, self._address), names

    def _client(self, settings: zeep.Settings) -> zeep.Client:
        plugins = [_ContractGuard()]
        if isinstance(self._wsdl, Path):
            return zeep.Client(str(self._wsdl), transport=self._transport, settings=settings, plugins=plugins)
        with as_file(files("xinglin_schemas") / "wsdl" / f"{self._wsdl}.wsdl") as path:
            return zeep.Client(str(path), transport=self._transport, settings=settings, plugins=plugins)


def _of_network(error: Exception) -> CallFailed:
    if isinstance(error, TooLarge):
        return CallFailed(Trouble.UNREADABLE, str(error))
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never_left = isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, urllib3.exceptions.NewConnectionError
    )
    is_slow = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError) and not never_left
    # A dead connection while the body is read comes as a ConnectionError around a time-out.
    is_slow = is_slow or ("timed out" in str(error).lower() and not never_left)
    trouble = Trouble.SLOW if is_slow else Trouble.DOWN
    return CallFailed(trouble, type(error).__name__, is_uncertain=not never_left)
