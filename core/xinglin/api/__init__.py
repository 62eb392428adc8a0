"""The only import surface of plugins: what is not here, or in `xinglin` and `xinglin.types`, is private."""
