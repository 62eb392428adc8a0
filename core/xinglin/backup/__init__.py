"""Backups: taken while the portal runs, sealed, checked, restored, and proven by a weekly drill."""
