"""The pages of the portal shell."""
