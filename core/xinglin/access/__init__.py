"""From which addresses the portal answers, and how often: zones, the real address of a client, limits."""
