"""The contract ``schemas/openapi.yaml``: where the operations are and what their answers look like."""

from __future__ import annotations

import datetime as dt
import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from xinglin_admin.api.errors import ContractBroken, ContractMissing

_PACKAGE = "xinglin_schemas"
_FILE = "openapi.yaml"
_BASE = "urn:xinglin:openapi"
_METHODS = ("get", "post", "put", "patch", "delete")


def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).tzinfo is not None


_FORMATS = FormatChecker(formats=["date"])
_FORMATS.checks("date-time", raises=ValueError)(_is_moment)


@dataclass(frozen=True)
class Operation:
    """One operation of the contract; ``pointer`` is its JSON pointer in the document."""

    name: str
    method: str
    path: str
    pointer: str


class Contract:
    """Finds operations by ``operationId`` and checks answers against their schemas."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._registry: Registry[Any] = Registry().with_resource(_BASE, DRAFT202012.create_resource(document))
        self._operations = {operation.name: operation for operation in _operations(document)}

    def operation(self, name: str) -> Operation:
        return self._operations[name]

    def check(self, operation: Operation, status: int, media_type: str, body: object) -> None:
        """Raise `ContractBroken` unless the contract allows this answer. ``body`` is None without content."""
        pointer, response = self._response(operation, status)
        content = response.get("content")
        if not content:
            if body is not None:
                raise ContractBroken(operation.name, str(status), "unexpected content")
            return
        if media_type not in content:
            raise ContractBroken(operation.name, str(status), f"content type {media_type or '?'}")
        self._check_body(operation, f"{pointer}/content/{_escape(media_type)}/schema", body)

    def _response(self, operation: Operation, status: int) -> tuple[str, Mapping[str, Any]]:
        declared = self._document["paths"][operation.path][operation.method]["responses"]
        if str(status) not in declared:
            raise ContractBroken(operation.name, str(status), "undeclared status")
        pointer, response = f"{operation.pointer}/responses/{status}", declared[str(status)]
        if "$ref" in response:
            pointer = response["$ref"].removeprefix("#")
            response = self._document["components"]["responses"][pointer.rpartition("/")[2]]
        return pointer, response

    def _check_body(self, operation: Operation, pointer: str, body: object) -> None:
        validator = Draft202012Validator(
            {"$ref": f"{_BASE}#{pointer}"},
            registry=self._registry,
            format_checker=_FORMATS,
        )
        error = best_match(validator.iter_errors(body))
        if error is not None:
            # The value itself may be personal data, so the message names the rule and the place only.
            raise ContractBroken(
                operation.name, error.json_path, f"{error.validator}: {error.validator_value}"
            )


@functools.cache
def contract() -> Contract:
    """The installed contract; raises `ContractMissing`."""
    try:
        text = importlib.resources.files(_PACKAGE).joinpath(_FILE).read_text(encoding="utf-8")
        return Contract(yaml.safe_load(text))
    except (ImportError, OSError, yaml.YAMLError) as error:
        raise ContractMissing(f"{_PACKAGE}/{_FILE}: {type(error).__name__}") from error


def _operations(document: Mapping[str, Any]) -> list[Operation]:
    return [
        Operation(item[method]["operationId"], method, path, f"/paths/{_escape(path)}/{method}")
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]


def _escape(name: str) -> str:
    """A JSON pointer step inside a URI fragment (RFC 6901, sections 3 and 6)."""
    return name.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
