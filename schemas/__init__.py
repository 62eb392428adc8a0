"""Language-neutral contracts of Xinglin, shipped as package data and read with ``importlib.resources``."""
