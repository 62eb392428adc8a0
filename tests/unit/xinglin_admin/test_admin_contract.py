"""The contract itself, as tool and portal rely on it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from xinglin_admin.api.errors import ContractBroken
from xinglin_admin.api.validation import Contract

DOCUMENT: dict[str, Any] = yaml.safe_load(
    files("xinglin_schemas").joinpath("openapi.yaml").read_text("utf-8")
)
OPERATIONS = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]


def test_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation["operationId"])
def test_every_operation_can_refuse_and_hears_the_language(operation: dict[str, Any]) -> None:
    assert {"400", "401"} <= operation["responses"].keys()
    assert {"$ref": "#/components/parameters/AcceptLanguage"} in operation["parameters"]


def test_only_login_works_without_a_token() -> None:
    assert DOCUMENT["security"] == [{"bearer": []}]
    assert [item["operationId"] for item in OPERATIONS if item.get("security") == []] == ["login"]


def test_content_where_none_is_allowed_breaks_the_contract() -> None:
    contract = Contract(DOCUMENT)
    with pytest.raises(ContractBroken) as broken:
        contract.check(contract.operation("revokeGrant"), 204, "application/json", {})
    assert broken.value.operation == "revokeGrant"


def test_undeclared_status_breaks_the_contract() -> None:
    contract = Contract(DOCUMENT)
    with pytest.raises(ContractBroken):
        contract.check(contract.operation("listModules"), 302, "text/html", None)
