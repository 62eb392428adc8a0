"""Plugin no. 0: layout, theme, home, "me", error pages, static assets."""
