"""Run in the sandbox: one picture, as it was uploaded, to one page."""

from __future__ import annotations

import sys
from pathlib import Path

from xinglin.files.errors import FileRefused
from xinglin.files.pictures import FULL_EDGE, encode, read_picture


def main(source: str, target: str) -> int:
    """0 when the page was made, 1 when the picture cannot be read."""
    try:
        with Path(source).open("rb") as stream:
            picture = read_picture(stream)
    except FileRefused:
        return 1
    picture.thumbnail((FULL_EDGE, FULL_EDGE))
    Path(target).write_bytes(encode(picture))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
