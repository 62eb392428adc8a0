"""Instances of our own engine: starting, acting, showing, what the clock does."""
