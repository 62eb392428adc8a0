"""Official documents: numbers, register, red heads, distribution, supervision, archive."""
