"""Imports and exports over HTTP: in the background, with progress."""
