"""The admin API of a whole portal."""
