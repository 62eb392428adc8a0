"""What can go wrong with keys and with what they sealed."""

from __future__ import annotations


class SealBroken(Exception):
    """The sealed bytes were changed, moved to another context, or sealed under another key."""


class KeyMissing(Exception):
    """A key is absent, unreadable, malformed, or not the one under which the data keys were wrapped."""


class KeyRefused(Exception):
    """A change of the keys that would lose data or means nothing; the sentence has a cure."""


class SuiteBroken(KeyMissing):
    """The cryptographic library of this machine does not do what the standards say."""
