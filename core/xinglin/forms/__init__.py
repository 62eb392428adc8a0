"""Forms: text that is clean, widgets drawn in the portal's own look. Plugins import `xinglin.api.forms`."""
