"""The tool's sentences, Chinese first. A missing one is a type error here, not a hole on the screen."""

from __future__ import annotations

import enum

from xinglin_admin.locale import en, zh
from xinglin_admin.locale.texts import Texts


class Language(enum.StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"

    @property
    def http_name(self) -> str:
        """As sent in Accept-Language."""
        return "zh-CN" if self is Language.CHINESE else "en"


def texts_for(language: Language) -> Texts:
    return zh.TEXTS if language is Language.CHINESE else en.TEXTS
