"""Numbers of documents as people write them: any brackets, any width, with or without 号."""

from __future__ import annotations

import re
import unicodedata

OPENING = "〔［[(（【〖「『{<〈《﹝"
CLOSING = "〕］])）】〗」』}>〉》﹞"
ONE_SPELLING = str.maketrans(OPENING + CLOSING, "(" * len(OPENING) + ")" * len(CLOSING))
YEAR_IN_CHINESE = re.compile(r"(?<=\()[〇零○一二三四五六七八九]{4}(?=\))")
DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
DASHED = re.compile(r"(?<![0-9])((?:19|20)[0-9]{2})[-‐‑‒–—―]第?([0-9]+)$")
"""`2026-18` at the end, as it is typed without brackets."""
PADDED = re.compile(r"(?<=\))第?0*(?=[0-9])")
END = "号"


def fold(text: str) -> str:
    """`院发〔2026〕12号`, `院发 [２０２６] 12` `院发〔二〇二六〕12号`, `院发2026-12` and `院发（2026）第012号` alike: `院发(2026)12`."""
    plain = unicodedata.normalize("NFKC", text.translate(ONE_SPELLING)).translate(ONE_SPELLING)
    joined = "".join(letter for letter in plain if not letter.isspace() and letter.isprintable())
    short = joined.casefold().removesuffix(END)
    dated = YEAR_IN_CHINESE.sub(lambda year: year[0].translate(DIGITS), DASHED.sub(r"(\1)\2", short))
    return PADDED.sub("", dated)


def is_whole(text: str) -> bool:
    """Whether the words end like a whole number, so that 12号 must not find 120号."""
    return text.rstrip().endswith(END)
