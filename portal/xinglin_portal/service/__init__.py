"""The rules of the portal shell."""
