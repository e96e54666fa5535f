"""Caches whose entries are versions: nothing in them is ever invalidated, only outdated."""
