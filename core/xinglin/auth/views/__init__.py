"""The pages of logging in: each reads input, calls a service, chooses a response."""
