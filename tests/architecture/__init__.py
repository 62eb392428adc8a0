"""The rules of the house, each held by a test that is shown to be able to fail."""
