"""What can go wrong with a backup; each sentence names the culprit and the cure."""

from __future__ import annotations


class BackupRefused(Exception):
    """It was not begun: something is not empty, not set, not there, or busy."""


class BackupDamaged(Exception):
    """A part of a backup is missing, changed, or does not hold what its manifest says."""


class BackupKeyWrong(BackupRefused):
    """The backup was sealed under keys that this site does not have."""


class BackupBusy(BackupRefused):
    """Another backup or drill is at work."""
