"""The inbox over all sources: counts, lists, search, and who may see what."""
