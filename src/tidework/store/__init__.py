"""The store: commits in, state out. See `protocol`."""
