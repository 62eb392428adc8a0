"""Everything that knows HTTP: the rest of the tool sees frozen values and ``ApiError``."""
