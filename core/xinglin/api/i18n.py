"""Marking sentences for translation."""

from __future__ import annotations

from pyramid.i18n import TranslationString, TranslationStringFactory

__all__ = ["TranslationString", "translator"]


def translator(domain: str) -> TranslationStringFactory:
    """The `_` of a plugin; `domain` is its name, its catalogues lie in `<package>/locale/<locale>/LC_MESSAGES`."""
    return TranslationStringFactory(domain)
