"""Built assets by their logical names: `portal.js` → the address of the file with its content hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class AssetMissing(LookupError):
    """A template asks for an asset that was not built."""


@dataclass(frozen=True)
class Assets:
    """Logical name → URL path."""

    paths: Mapping[str, str]

    @classmethod
    def read(cls, manifests: Mapping[str, Path]) -> Assets:
        """`manifests` maps a URL prefix to a `manifest.json` of `{logical name: file name}`; absent ones are skipped."""
        paths: dict[str, str] = {}
        for prefix, path in manifests.items():
            if path.is_file():
                built = json.loads(path.read_text(encoding="utf-8"))
                paths.update({name: prefix + file for name, file in built.items()})
        return cls(paths)

    def path(self, name: str) -> str:
        """Raises `AssetMissing`."""
        if name not in self.paths:
            raise AssetMissing(
                f"asset {name} was not built. Cure: pip install -e . (it builds the front end)"
            )
        return self.paths[name]
