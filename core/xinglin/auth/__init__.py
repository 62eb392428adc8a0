"""Who is there and what they may do: WeCom login, sessions, first-use check, break-glass, grants."""
