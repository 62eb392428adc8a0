"""What a browser, or an attacker, posted: brought into the schema's shape before Deform reads it."""

from __future__ import annotations

from typing import Any

import colander
import deform


class PostedForm(deform.Form):
    """A Deform form that does not crash on a post whose groups are of another shape than the schema's."""

    def validate_pstruct(self, pstruct: Any) -> Any:
        return super().validate_pstruct(shaped(self.schema, pstruct))


def shaped(node: Any, posted: Any) -> Any:
    """`posted` with everything absent that is no group where `node` has one: Deform 3.0.1 fails on it (TypeError)."""
    if isinstance(node.typ, colander.Mapping):
        if not isinstance(posted, dict):
            return colander.null
        return {child.name: shaped(child, posted.get(child.name, colander.null)) for child in node.children}
    if isinstance(node.typ, colander.Sequence):
        if not isinstance(posted, list):
            return colander.null
        return [shaped(node.children[0], item) for item in posted]
    return posted
