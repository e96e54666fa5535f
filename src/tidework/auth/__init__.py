"""Who is calling: accounts' credentials, sessions, tokens."""
