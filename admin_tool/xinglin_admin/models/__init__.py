"""Qt item models over the frozen values of ``api/models.py``."""
