"""The desktop tool of the hospital's system administrators: it talks to the portal over HTTP only."""
