"""SOAP 1.1 by the contract: the WSDL says what a call may look like and how an answer is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import zeep
from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WSDL_FOLDER = Path(__file__).resolve().parent / "wsdl"


class SoapRefused(Exception):
    """The answer is a SOAP fault; ``code`` is Client or Server."""

    def __init__(self, text: str, code: str = "Client") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Call:
    """An operation with its arguments in the order of the contract; ``header`` holds texts by local name."""

    name: str
    arguments: tuple[Any, ...]
    header: dict[str, str]


class Contract:
    """One WSDL."""

    def __init__(self, name: str) -> None:
        self.path = WSDL_FOLDER / f"{name}.wsdl"
        wsdl = zeep.Client(str(self.path)).wsdl
        (service,) = wsdl.services.values()
        (port,) = service.ports.values()
        self._types = wsdl.types
        self._operations = port.binding._operations  # noqa: SLF001 - the library is a client's; a server finds them here

    def text(self, address: str) -> str:
        """The WSDL as it is published at ``address``."""
        head, _, tail = self.path.read_text(encoding="utf-8").partition('<soap:address location="')
        return f'{head}<soap:address location="{address}"{tail.partition(chr(34))[2]}'

    def read(self, body: bytes) -> Call:
        """The call in a request. Raises SoapRefused for what the contract does not know."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError as error:
            raise SoapRefused("not well-formed") from error
        if root.getroottree().docinfo.doctype:
            raise SoapRefused("a document type is not allowed")
        found = root.find(f"{{{ENVELOPE}}}Body")
        element = next(iter(found), None) if found is not None else None
        name = etree.QName(element).localname if element is not None else ""
        if element is None or name not in self._operations:
            raise SoapRefused(f"unknown operation {name!r}")
        values = self._operations[name].input.body.parse(element, self._types)
        arguments = tuple(getattr(values, key) for key in dir(values)) if values is not None else ()
        return Call(name, arguments, _header(root))

    def answer(self, name: str, value: Any) -> bytes:
        """The response with this result; None for operations without one."""
        output = self._operations[name].output
        message = output.serialize() if value is None else output.serialize(value)
        return bytes(etree.tostring(message.content, xml_declaration=True, encoding="UTF-8"))


def fault(text: str, code: str = "Server") -> bytes:
    """A SOAP fault."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body><soap:Fault>'
        f"<faultcode>soap:{code}</faultcode><faultstring>{escape(text)}</faultstring>"
        "</soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def _header(root: Any) -> dict[str, str]:
    header = root.find(f"{{{ENVELOPE}}}Header")
    if header is None:
        return {}
    elements = (element for element in header.iter() if isinstance(element.tag, str))
    return {etree.QName(element).localname: element.text or "" for element in elements}
