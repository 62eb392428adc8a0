"""The way to the OA stays in the house, and no lock of ours is held on it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests
import zeep

from xinglin_documents.service.connectors.transactions import OfRequest
from xinglin_documents.service.connectors.transport import BUNDLED, BoundedTransport


@pytest.fixture
def transport():
    return BoundedTransport(most_bytes=1024, pool=2)


@pytest.mark.parametrize("url", sorted(BUNDLED))
def test_schemas_of_the_internet_lie_here(transport, url):
    assert b"targetNamespace" in transport.load(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.xsd", "https://oa/x.wsdl", "ftp://oa/x"])
def test_nothing_is_loaded_from_the_network(transport, url):
    with pytest.raises(requests.RequestException, match="network"):
        transport.load(url)


def test_a_wsdl_with_encoded_arrays_is_read_without_the_internet(transport, tmp_path):
    path = tmp_path / "old.wsdl"
    path.write_text(
        """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xsd:schema targetNamespace="urn:t"><xsd:import namespace="http://schemas.xmlsoap.org/soap/encoding/"
 schemaLocation="http://schemas.xmlsoap.org/soap/encoding/"/>
<xsd:complexType name="Rows"><xsd:complexContent><xsd:restriction base="enc:Array">
<xsd:attribute ref="enc:arrayType"/></xsd:restriction></xsd:complexContent></xsd:complexType>
</xsd:schema></types></definitions>""",
        "utf-8",
    )
    client = zeep.Client(str(path), transport=transport)
    assert client.get_type("{urn:t}Rows") is not None


def test_no_proxy_and_no_redirect_are_taken(transport):
    assert transport.session.trust_env is False


def test_a_view_that_would_hold_its_lock_while_it_asks_is_told_the_cure():
    request = SimpleNamespace(db=SimpleNamespace(info={"writes": True}), path="/documents/x")
    with pytest.raises(RuntimeError, match="writes=False"), OfRequest(request).writing():
        pass
