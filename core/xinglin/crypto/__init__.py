"""Sealing and authenticating data under keys that lie outside the database."""
