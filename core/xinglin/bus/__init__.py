"""Domain events between plugins: a row in the writer's transaction, told by the worker after commit."""
