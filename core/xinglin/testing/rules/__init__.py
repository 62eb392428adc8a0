"""What a plugin must be like, as functions that yield faults in words; ours and vendors' are held to the same."""
