"""When two names, as somebody typed them, may be one person's."""

from __future__ import annotations

import re
import unicodedata

REMARK = re.compile(r"[(\[【〔][^)\]】〕]*[)\]】〕]?")
"""What stands in brackets, such as a department, closed or not; NFKC has made full-width brackets plain."""


def name_key(name: str) -> str:
    """Equal for 王丽, 王 丽 and 王丽（信息科）: letters and digits alone, of one width and one case, without remarks."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _letters(REMARK.sub("", folded)) or _letters(folded)


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())
