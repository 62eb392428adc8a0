"""Private: how the house is put together. Plugins import `xinglin.api` instead."""
