"""A wall of thanks: the smallest complete module, for vendors to read and copy. Start with `plugin.py`."""
