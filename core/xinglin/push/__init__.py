"""Messages to persons: outbox in the writer's transaction, worker, limits, preferences, states."""
