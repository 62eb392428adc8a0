"""The one store of files for all plugins."""
