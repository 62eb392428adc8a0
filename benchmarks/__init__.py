"""Benchmarks: each against a floor measured in the same run on the same machine. `make bench`."""
