"""People of the hospital: persons, organisation tree, roles, tags, facets, audiences; import and sync."""
